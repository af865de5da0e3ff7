"""Who we are to a service, by the security schemes of its document; a model never sees it."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from toolyard.clients.openapi.nodes import Node
from toolyard.clients.openapi.styles import Pair, encoded
from toolyard.core.errors import ConfigError, ToolError
from toolyard.egress.credentials import hidden_ones
from toolyard.egress.headers import checked_headers

Secret = str | tuple[str, str]
"""A key or a token; a user and a password for HTTP basic authentication."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What is added to a request."""

    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    query: Sequence[Pair] = field(default=(), repr=False)
    cookies: Sequence[Pair] = field(default=(), repr=False)

    def and_also(self, other: Proof) -> Proof:
        """Both together."""
        headers = {**self.headers, **other.headers}
        return Proof(headers, [*self.query, *other.query], [*self.cookies, *other.cookies])


class SchemeCredentials:
    """The credentials that were given for the schemes of a document.

    Raises:
        ConfigError: A scheme is not there or takes no such credential; the message never holds it.
    """

    def __init__(self, schemes: Mapping[str, Node], secrets: Mapping[str, Secret]) -> None:
        unknown = [name for name in secrets if name not in schemes]
        if unknown:
            known = ", ".join(schemes) or "none"
            raise ConfigError(
                f"credentials: the document has no security scheme {unknown[0]!r}; it has: {known}."
            )
        self._proofs = {name: _proof(name, schemes[name], each) for name, each in secrets.items()}
        self._schemes = schemes
        self.hidden = hidden_ones(
            each for secret in secrets.values() for each in _spellings(secret)
        )
        """Every spelling of a secret that an answer may hold, the longest first."""

    def for_any(self, alternatives: Sequence[Node]) -> tuple[Proof, Collection[str]]:
        """What to send for the first alternative that is complete, and else what is missing."""
        missing: Collection[str] = ()
        for alternative in sorted(alternatives, key=lambda each: not each):
            lacking = [name for name in alternative if name not in self._proofs]
            if lacking:
                missing = missing or lacking
                continue
            proof = Proof()
            for name in alternative:
                proof = proof.and_also(self._proofs[name])
            return proof, () if alternative else missing
        return Proof(), missing

    @property
    def reserved(self) -> set[tuple[str, str]]:
        """The places and names of keys, which are never a model's to set."""
        return {
            (place, str(name).lower() if place == "header" else str(name))
            for each in self._schemes.values()
            if isinstance(place := each.get("in"), str) and (name := each.get("name"))
        }


def _proof(name: str, scheme: Node, secret: Secret) -> Proof:
    kind, way = scheme.get("type"), str(scheme.get("scheme", "")).lower()
    if kind == "http" and way == "basic":
        return _basic(name, secret)
    if not isinstance(secret, str) or not secret:
        raise ConfigError(f"credentials: the scheme {name!r} takes one text that is not empty.")
    if kind == "apiKey":
        return _key(name, scheme, secret)
    if kind in ("oauth2", "openIdConnect") or (kind == "http" and way == "bearer"):
        return _header(name, "authorization", f"Bearer {secret}")
    raise ConfigError(f"credentials: the scheme {name!r} is of a kind that is not known here.")


def _key(scheme_name: str, scheme: Node, secret: str) -> Proof:
    name, place = scheme.get("name"), scheme.get("in")
    if not isinstance(name, str) or not name:
        raise ConfigError(f"credentials: the scheme {scheme_name!r} does not name its key.")
    if place == "header":
        return _header(scheme_name, name, secret)
    if place == "query":
        return Proof(query=[(encoded(name), encoded(secret))])
    if place == "cookie" and name.isascii() and quote(name) == name:
        return Proof(cookies=[(name, encoded(secret))])
    raise ConfigError(f"credentials: the scheme {scheme_name!r} has its key in no place we know.")


def _basic(name: str, secret: Secret) -> Proof:
    if isinstance(secret, str) or ":" in secret[0]:
        raise ConfigError(
            f"credentials: the scheme {name!r} takes a user without a colon, and a password."
        )
    return _header(name, "authorization", f"Basic {_pair(secret)}")


def _header(scheme: str, name: str, value: str) -> Proof:
    try:
        return Proof(headers=checked_headers({name: value}))
    except ToolError as error:
        raise ConfigError(f"credentials: the scheme {scheme!r}: {error}") from None


def _pair(secret: tuple[str, str]) -> str:
    return base64.b64encode(":".join(secret).encode()).decode()


def _spellings(secret: Secret) -> Sequence[str]:
    if isinstance(secret, str):
        return secret, quote(secret, safe="")
    return secret[1], quote(secret[1], safe=""), _pair(secret)
