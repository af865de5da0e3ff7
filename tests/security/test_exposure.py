import pytest

from toolyard.core.errors import ConfigError
from toolyard.security.exposure import check_exposure

ELSEWHERE = ["0.0.0.0", "::", "192.0.2.7", "example.com", "", "localhost.evil.com"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]"])
@pytest.mark.parametrize("has_tokens", [True, False])
def test_loopback_needs_no_token(host: str, has_tokens: bool) -> None:
    assert not check_exposure(host, has_tokens=has_tokens)


@pytest.mark.parametrize("host", ELSEWHERE)
@pytest.mark.parametrize("has_tls", [True, False])
def test_another_address_without_a_token_is_refused(host: str, has_tls: bool) -> None:
    with pytest.raises(ConfigError, match="token"):
        check_exposure(host, has_tokens=False, has_tls=has_tls)


@pytest.mark.parametrize("host", ELSEWHERE)
@pytest.mark.parametrize(
    ("has_tokens", "has_tls", "insecure", "warnings"),
    [
        (False, False, True, 1),
        (False, True, True, 1),
        (True, False, False, 1),
        (True, False, True, 1),
        (True, True, False, 0),
    ],
)
def test_what_is_risky_is_warned_about(
    host: str, has_tokens: bool, has_tls: bool, insecure: bool, warnings: int
) -> None:
    said = check_exposure(host, has_tokens=has_tokens, has_tls=has_tls, insecure=insecure)

    assert len(said) == warnings
