"""Which keys are good enough to seal what clients keep."""

import base64
import secrets

import pytest

from toolyard.core.errors import ConfigError
from toolyard.security.state_keys import checked_state_keys
from toolyard.security.tokens import new_token

BYTES = secrets.token_bytes(32)


@pytest.mark.parametrize(
    "key",
    [
        base64.b64encode(BYTES).decode(),
        base64.urlsafe_b64encode(BYTES).decode().rstrip("="),
        BYTES.hex(),
        BYTES.hex().upper(),
        new_token("a", [])[0],
    ],
)
def test_32_random_bytes_are_a_key_however_they_are_written(key: str) -> None:
    assert checked_state_keys([key]) == (key,)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "correct-horse-battery-staple",
        "a" * 64,
        "0123456789" * 4,
        base64.b64encode(BYTES[:31]).decode(),
        f"{base64.b64encode(BYTES[:24]).decode()}{'=' * 20}",
        BYTES[:31].hex(),
        f"{BYTES.hex()} ",
        f"{BYTES.hex()}\n",
        f"{BYTES.hex()}ä",
    ],
)
def test_what_holds_less_than_32_bytes_is_refused_with_the_way_to_make_a_key(key: str) -> None:
    good = BYTES.hex()
    with pytest.raises(ConfigError, match="`openssl rand -base64 32`") as refused:
        checked_state_keys([good, key])
    assert not key or key not in str(refused.value)


def test_no_key_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="`openssl rand -base64 32`"):
        checked_state_keys([])


def test_the_same_key_twice_is_refused() -> None:
    key = BYTES.hex()
    with pytest.raises(ConfigError, match="Two state keys are the same") as refused:
        checked_state_keys([key, key])
    assert key not in str(refused.value)
