"""Bearer tokens: how they are made, kept and recognised."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from toolyard.core.context import Caller
from toolyard.core.errors import ConfigError

ANONYMOUS = "anonymous"
"""The caller's name where no token is asked for."""

MAX_TOKEN_CHARS = 8192
"""Longer ones are refused unread; JWTs that list groups come near."""

_B64TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_NAME = re.compile(r"[A-Za-z0-9._@:+-]{1,64}")
_RESERVED = frozenset({ANONYMOUS, "local"})
_SCOPE = re.compile(r"[!#-\[\]-~]{1,256}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PREFIX = "ty_"
_RANDOM_BYTES = 32
_STRONG_CHARS = 32
_STRONG_VARIETY = 10


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token: not the secret, but enough to recognise it.

    Raises:
        ConfigError: A field is not of its form; the message shows no value.
    """

    name: str
    """Who uses it: 1 to 64 of `A-Z a-z 0-9 . _ @ : + -`, not `anonymous` or `local`."""
    digest: str = field(repr=False)
    """SHA-256 of the secret in lower-case hex."""
    scopes: frozenset[str]
    """As in `Caller.scopes`."""
    not_before: int | None = None
    """Unix seconds from which it is valid."""
    not_after: int | None = None
    """Unix seconds from which it is no longer valid."""
    revoked: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name in _RESERVED:
            raise ConfigError(
                "A token's name is 1 to 64 letters, digits or . _ @ : + - and not a reserved word."
            )
        if not _DIGEST.fullmatch(self.digest):
            raise ConfigError("A token's digest is a SHA-256 in 64 lower-case hex digits.")
        if not all(is_scope(scope) for scope in self.scopes):
            raise ConfigError('A scope is printable ASCII without spaces, " and \\.')

    @classmethod
    def of(
        cls,
        secret: str,
        name: str,
        scopes: Iterable[str],
        *,
        not_before: int | None = None,
        not_after: int | None = None,
    ) -> Token:
        """The record of a secret that the user chose.

        Raises:
            ConfigError: No client could send `secret` (see `is_token`), or a field is malformed.
        """
        if not is_token(secret):
            raise ConfigError(
                "A token is letters, digits and - . _ ~ + / only, with = at the end at most."
            )
        return cls(name, digest_of(secret), frozenset(scopes), not_before, not_after)

    def valid_at(self, now: float) -> bool:
        """Whether it may be used at `now`, in Unix seconds."""
        if self.revoked or (self.not_before is not None and now < self.not_before):
            return False
        return self.not_after is None or now < self.not_after


def new_token(
    name: str,
    scopes: Iterable[str],
    *,
    not_before: int | None = None,
    not_after: int | None = None,
) -> tuple[str, Token]:
    """A fresh secret of 256 random bits, to be shown once, and the record to keep."""
    secret = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    return secret, Token.of(secret, name, scopes, not_before=not_before, not_after=not_after)


def is_token(text: str) -> bool:
    """Whether `text` can be sent as a bearer token (RFC 6750, `b64token`), up to 8192 letters."""
    return len(text) <= MAX_TOKEN_CHARS and _B64TOKEN.fullmatch(text) is not None


def is_scope(text: str) -> bool:
    """Whether `text` is one scope (RFC 6749, `scope-token`), up to 256 letters."""
    return _SCOPE.fullmatch(text) is not None


def is_weak(secret: str) -> bool:
    """Whether `secret` could be guessed: it is short, or made of few different letters."""
    return len(secret) < _STRONG_CHARS or len(set(secret)) < _STRONG_VARIETY


def digest_of(secret: str) -> str:
    """SHA-256 of `secret` in hex; no salt, as a random secret cannot be looked up in a table."""
    return hashlib.sha256(secret.encode()).hexdigest()


class TokenSet:
    """The tokens a server accepts.

    Raises:
        ConfigError: Two tokens have the same secret.
    """

    def __init__(self, tokens: Iterable[Token]) -> None:
        kept = tuple(tokens)
        if len({token.digest for token in kept}) < len(kept):
            raise ConfigError("Two tokens have the same secret; give each its own.")
        self._entries = tuple((t.digest, t, Caller(t.name, t.scopes)) for t in kept)

    def match(self, secret: str, now: float) -> Caller | None:
        """Whose `secret` it is, if that token may be used at `now`, in Unix seconds."""
        return self._of(digest_of(secret), now) if is_token(secret) else None

    def _of(self, presented: str, now: float) -> Caller | None:
        """Whose digest it is.

        It is compared with every record, whether or not one was found, so the time taken says
        nothing about which records there are.
        """
        found: tuple[Token, Caller] | None = None
        for digest, token, caller in self._entries:
            if hmac.compare_digest(digest, presented):
                found = (token, caller)
        return found[1] if found and found[0].valid_at(now) else None

    def recognise(self, digest: str) -> Caller | None:
        """Whose token has that `digest`, if it may be used now."""
        return self._of(digest, time.time())

    async def verify(self, token: str) -> Caller | None:
        """Whose `token` it is, if it may be used now."""
        return self.match(token, time.time())
