import pytest

from toolyard.core.errors import ConfigError
from toolyard.security.challenge import Challenge
from toolyard.security.refusal import Refusal

METADATA = "https://tools.example.com/.well-known/oauth-protected-resource/mcp"


def header(refusal: Refusal) -> str:
    ((name, value),) = refusal.headers
    assert name == "WWW-Authenticate"
    return value


def test_without_credentials_no_error_is_named() -> None:
    refusal = Challenge().missing()

    assert (refusal.status, refusal.reason) == (401, "token")
    assert header(refusal) == 'Bearer realm="toolyard"'


def test_a_token_that_is_not_accepted_is_invalid_and_no_more_is_said() -> None:
    refusal = Challenge().invalid()

    assert (refusal.status, refusal.reason) == (401, "token")
    assert header(refusal) == 'Bearer realm="toolyard", error="invalid_token"'


def test_several_credentials_are_an_invalid_request() -> None:
    refusal = Challenge().repeated()

    assert (refusal.status, refusal.reason) == (400, "token")
    assert header(refusal) == 'Bearer realm="toolyard", error="invalid_request"'


def test_a_missing_scope_is_named_exactly() -> None:
    refusal = Challenge(METADATA).insufficient("tool:add")

    assert (refusal.status, refusal.reason) == (403, "scope")
    assert header(refusal) == (
        'Bearer realm="toolyard", error="insufficient_scope", scope="tool:add", '
        f'resource_metadata="{METADATA}"'
    )


@pytest.mark.parametrize("name", ['x", error="none', "a b", "x\r\nSet-Cookie: a=b", "é", "\\", ""])
def test_a_name_that_a_client_made_up_cannot_break_the_header(name: str) -> None:
    value = header(Challenge().insufficient(f"tool:{name}" if name else ""))

    assert value == 'Bearer realm="toolyard", error="insufficient_scope"'


def test_the_metadata_are_in_every_challenge() -> None:
    challenge = Challenge(METADATA)

    for refusal in (challenge.missing(), challenge.invalid(), challenge.repeated()):
        assert f'resource_metadata="{METADATA}"' in header(refusal)


@pytest.mark.parametrize("url", ["", "x", "ftp://x", 'https://x"', "https://x y", "https://x\n"])
def test_metadata_that_are_no_url_are_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        Challenge(url)
