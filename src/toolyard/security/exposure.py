"""Whether a server may be started where it would listen."""

from __future__ import annotations

from collections.abc import Sequence

from toolyard.core.errors import ConfigError
from toolyard.security.plain_address import is_loopback


def check_exposure(
    bind_host: str, *, has_tokens: bool, has_tls: bool = False, insecure: bool = False
) -> Sequence[str]:
    """Warnings, as sentences, about serving on `bind_host`.

    Args:
        bind_host: An address or name; loopback needs no guard.
        has_tokens: Whether callers need a token.
        has_tls: Whether the server itself speaks TLS.
        insecure: The user insists.

    Raises:
        ConfigError: Others could reach the server without a token, and nobody insisted.
    """
    if is_loopback(bind_host):
        return ()
    if not has_tokens and not insecure:
        raise ConfigError(
            f"Serving on {bind_host} without a token would let everyone in who can reach it. "
            "Give it a token (--token, with_bearer_token), bind 127.0.0.1, or say that you "
            "mean it (--insecure, allow_insecure)."
        )
    if not has_tokens:
        return (f"Everyone who can reach {bind_host!r} can call every tool, without a token.",)
    if not has_tls:
        return ("Tokens travel unencrypted unless a proxy in front speaks TLS.",)
    return ()
