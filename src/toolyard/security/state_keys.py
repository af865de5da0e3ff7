"""The keys that seal what clients keep for a server between the tries of a call."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolyard.core.errors import ConfigError
from toolyard.security.tokens import is_token, is_weak

_BITS = 256
_HEX = re.compile("[0-9A-Fa-f]*")


def checked_state_keys(keys: Sequence[str]) -> Sequence[str]:
    """The `keys`, of which the first seals and all open.

    Raises:
        ConfigError: There is none, one is not 32 random bytes as text, or two are the same; the
            message shows no key.
    """
    if not keys or not all(map(_is_strong, keys)):
        raise ConfigError(
            "A state key is 32 random bytes or more, in base64 or hex; make one with "
            "`openssl rand -base64 32`."
        )
    if len(set(keys)) < len(keys):
        raise ConfigError("Two state keys are the same; say each once, the one that seals first.")
    return tuple(keys)


def _is_strong(key: str) -> bool:
    """Whether so many letters can hold the bits; how random they are, nobody can see."""
    bits = 4 if _HEX.fullmatch(key) else 6
    return is_token(key) and not is_weak(key) and len(key.rstrip("=")) * bits >= _BITS
