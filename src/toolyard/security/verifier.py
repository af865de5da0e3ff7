"""What can tell whose a bearer token is."""

from __future__ import annotations

import logging
from typing import Protocol, runtime_checkable

import anyio

from toolyard.core.context import Caller
from toolyard.security.refusal import Refusal, retry_later

VERIFY_TIMEOUT_S = 10.0
_RETRY_S = 5.0

_log = logging.getLogger("toolyard.security")


class TokenVerifier(Protocol):
    """Tells whose a token is: `TokenSet`, `TokenFile`, `JwtVerifier` or the user's own."""

    async def verify(self, token: str) -> Caller | None:
        """The caller `token` stands for, or `None` if it is wrong, expired or revoked.

        Expiry and revocation are the verifier's: it is asked for every request. It must check
        that the token was made for this server.

        Raises:
            Refusal: It cannot be told now; see `unavailable`.
        """
        ...


@runtime_checkable
class InstantVerifier(Protocol):
    """A verifier that can mostly tell at once."""

    def recognise(self, digest: str) -> Caller | None:
        """The caller whose token has that SHA-256 in hex; `None` if it takes `verify` to tell."""
        ...


class BoundedVerifier:
    """A verifier that may hang or break, made safe: then the request is refused with 503.

    Its own errors may hold the token, so only their type is logged.
    """

    def __init__(self, verifier: TokenVerifier, *, timeout_s: float = VERIFY_TIMEOUT_S) -> None:
        self._verifier = verifier
        self._timeout_s = timeout_s

    async def verify(self, token: str) -> Caller | None:
        """What the verifier says within `timeout_s`."""
        try:
            with anyio.fail_after(self._timeout_s):
                return await self._verifier.verify(token)
        except Refusal:
            raise
        except Exception as error:  # someone else's code: however it breaks, nobody gets in
            _log.error("A token verifier failed with %s.", type(error).__name__)
            raise unavailable() from None


def unavailable() -> Refusal:
    """The refusal for a token that cannot be checked at the moment; it says nothing about it."""
    return retry_later(503, "token", "Tokens cannot be checked at the moment.", _RETRY_S)
