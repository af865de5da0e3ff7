"""Makes bearer tokens."""

from __future__ import annotations

from collections.abc import Sequence

from toolyard.security.token_lines import write_token
from toolyard.security.tokens import new_token as make


def new_token(name: str, scopes: Sequence[str], not_after: int | None = None) -> tuple[str, str]:
    """A fresh secret, and the line of a token file that recognises it.

    Raises:
        ConfigError: The name or a scope is malformed.
    """
    secret, record = make(name, scopes, not_after=not_after)
    return secret, write_token(record)
