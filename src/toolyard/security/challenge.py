"""What a client without the right token is told (RFC 6750, RFC 9728)."""

from __future__ import annotations

import re

from toolyard.core.errors import ConfigError
from toolyard.security.refusal import Refusal
from toolyard.security.tokens import is_scope

REALM = "toolyard"

_QUOTABLE = re.compile(r"https?://[!#-\[\]-~]+")


class Challenge:
    """Makes the refusals that carry `WWW-Authenticate`.

    Args:
        resource_metadata: The URL where clients learn which authorization server to ask.

    Raises:
        ConfigError: `resource_metadata` is not an http or https URL in ASCII.
    """

    def __init__(self, resource_metadata: str | None = None) -> None:
        if resource_metadata is not None and not _QUOTABLE.fullmatch(resource_metadata):
            raise ConfigError(f"resource_metadata: {resource_metadata!r} is not an http(s) URL.")
        self._resource_metadata = resource_metadata

    def missing(self) -> Refusal:
        """401: no bearer token was sent; so no error is named."""
        return self._refusal(401, "A bearer token is required.")

    def invalid(self) -> Refusal:
        """401: the same for a token that is malformed, wrong, expired or revoked."""
        return self._refusal(401, "The bearer token is not valid.", error="invalid_token")

    def repeated(self) -> Refusal:
        """400: more than one set of credentials was sent."""
        return self._refusal(400, "Send exactly one Authorization header.", error="invalid_request")

    def insufficient(self, scope: str) -> Refusal:
        """403: the token is good, but does not carry `scope`."""
        # The scope may hold a name that the client made up: what cannot be quoted is left out.
        named = {"scope": scope} if is_scope(scope) else {}
        message = f"This needs the scope {scope!r}." if named else "The token does not allow this."
        return self._refusal(403, message, error="insufficient_scope", **named)

    def _refusal(self, status: int, message: str, **parameters: str) -> Refusal:
        words = {"realm": REALM, **parameters}
        if self._resource_metadata is not None:
            words["resource_metadata"] = self._resource_metadata
        value = "Bearer " + ", ".join(f'{name}="{text}"' for name, text in words.items())
        reason = "scope" if status == 403 else "token"
        return Refusal(status, reason, message, (("WWW-Authenticate", value),))
