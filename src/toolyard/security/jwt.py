"""Bearer tokens that an authorization server signed: JWTs (RFC 7519, RFC 9068)."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, NamedTuple, cast
from urllib.parse import quote

import jwt

from toolyard.core.context import Caller
from toolyard.core.errors import ConfigError
from toolyard.security.jwk_set import JwkSet, Key
from toolyard.security.tokens import MAX_TOKEN_CHARS, is_scope

PUBLIC_KEY_ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
SHARED_SECRET_ALGORITHMS = ("HS256", "HS384", "HS512")

REMEMBERED = 1024
REMEMBERED_S = 10.0
"""How long a verified token is not verified again; it never outlives its `exp`."""

_OPTIONS: Any = {"require": ["exp", "iss", "aud"], "enforce_minimum_key_length": True}
_SCOPE_CLAIMS = ("scope", "scp", "scopes")
_IN_NAMES = "/:@|~+=,!$&'()*;"


class _Verdict(NamedTuple):
    caller: Caller
    expires_at: float
    """On the wall clock, as the token says it."""
    forget_at: float
    """On the monotonic clock."""


class JwtVerifier:
    """Accepts JWTs that `issuer` signed for `audience`.

    The signature, `iss`, `aud` and `exp` must be there and right; `nbf` and `iat` must be right if
    they are there. Scopes come from `scope`, `scp` or `scopes`; a token without them may do
    nothing. The caller's name is `SUBJECT CLIENT ISSUER` (`sub`, then `client_id` or `azp`, `?` for
    one that is missing), percent-encoded: no two users, clients or issuers share one, nor does a
    JWT share one with a `Token`. A token that names neither a subject nor a client is refused.

    Args:
        jwks: Where the issuer's keys are: an https URL (http on loopback) or a file.
        key: Instead of `jwks`: a public key as PEM, or, with HMAC `algorithms`, a shared secret.
        issuer: The exact `iss`.
        audience: What `aud` must be or hold: the name of this server at the issuer.
        algorithms: Those accepted. The HMAC ones must be asked for, stand alone, and need `key`.
        leeway_s: How far the issuer's clock may be from ours.

    Raises:
        ConfigError: The arguments contradict each other, or a key cannot be used. (Importing this
            module raises it where PyJWT is not installed.)
    """

    def __init__(
        self,
        *,
        jwks: str | None = None,
        key: str | None = None,
        issuer: str,
        audience: str,
        algorithms: Sequence[str] = PUBLIC_KEY_ALGORITHMS,
        leeway_s: float = 30,
    ) -> None:
        if not issuer or not audience:
            raise ConfigError("A JWT needs an issuer and an audience to be checked against.")
        self._issuer, self._audience, self._leeway_s = issuer, audience, leeway_s
        self._algorithms = _checked(algorithms, shared_secret_possible=jwks is None)
        self._keys, self._key = None, None
        if (jwks is None) == (key is None):
            raise ConfigError("Give either jwks or key to check JWTs with.")
        if jwks is not None:
            self._keys = JwkSet(jwks)
        if key is not None:
            self._algorithms, self._key = _fixed_key(key, self._algorithms)
        self._verdicts: OrderedDict[bytes, _Verdict] = OrderedDict()

    async def verify(self, token: str) -> Caller | None:
        """Whose `token` it is, if it can be used now.

        Raises:
            Refusal: 503: the issuer's keys are not known, as it cannot be reached.
        """
        if len(token) > MAX_TOKEN_CHARS or token.count(".") != 2:
            return None
        digest = hashlib.sha256(token.encode()).digest()
        verdict = self._remembered(digest)
        if verdict is None:
            verdict = await self._judge(token)
            if verdict is not None:
                self._remember(digest, verdict)
        return verdict.caller if verdict else None

    def _remembered(self, digest: bytes) -> _Verdict | None:
        verdict = self._verdicts.get(digest)
        if verdict is None or time.monotonic() >= verdict.forget_at:
            return None
        return verdict if time.time() < verdict.expires_at + self._leeway_s else None

    def _remember(self, digest: bytes, verdict: _Verdict) -> None:
        self._verdicts[digest] = verdict
        self._verdicts.move_to_end(digest)
        if len(self._verdicts) > REMEMBERED:
            self._verdicts.popitem(last=False)

    async def _judge(self, token: str) -> _Verdict | None:
        try:
            key = await self._key_of(token)
            return None if key is None else self._verdict(self._claims(token, key))
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            # Whatever the parser stumbles over in a stranger's text is no valid token.
            return None

    def _verdict(self, claims: dict[str, Any]) -> _Verdict | None:
        name = _name(claims, self._issuer)
        if name is None:
            return None
        caller = Caller(name, _scopes(claims))
        return _Verdict(caller, float(claims["exp"]), time.monotonic() + REMEMBERED_S)

    async def _key_of(self, token: str) -> Key | None:
        if self._keys is None:
            return self._key
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in self._algorithms:
            return None  # and no keys are fetched for it
        return await self._keys.find(header.get("kid"))

    def _claims(self, token: str, key: Key) -> dict[str, Any]:
        only = key.algorithm
        return jwt.decode(
            token,
            key.public,
            algorithms=[name for name in self._algorithms if only in (None, name)],
            audience=self._audience,
            issuer=self._issuer,
            leeway=self._leeway_s,
            options=_OPTIONS,
        )


def _checked(algorithms: Sequence[str], *, shared_secret_possible: bool) -> tuple[str, ...]:
    names = set(algorithms)
    if names and names <= set(PUBLIC_KEY_ALGORITHMS):
        return tuple(algorithms)
    if not names or not names <= set(SHARED_SECRET_ALGORITHMS):
        raise ConfigError(
            f"algorithms: choose from {', '.join(PUBLIC_KEY_ALGORITHMS)}, "
            f"or only from {', '.join(SHARED_SECRET_ALGORITHMS)} with a shared secret."
        )
    if not shared_secret_possible:
        raise ConfigError("algorithms: HMAC needs a shared secret as key; jwks holds public keys.")
    return tuple(algorithms)


def _fixed_key(key: str, algorithms: Sequence[str]) -> tuple[tuple[str, ...], Key]:
    if "PRIVATE KEY" in key:
        raise ConfigError("key: this is a private key; the issuer's public key is enough.")
    prepared = {name: _prepared(name, key) for name in algorithms}
    usable = {name: public for name, public in prepared.items() if public is not None}
    if not usable:
        raise ConfigError(
            "key: not a PEM public key or, with HMAC, not a secret as long as the hash, "
            "for any of the algorithms."
        )
    return tuple(usable), Key(next(iter(usable.values())))


def _prepared(algorithm: str, key: str) -> Any:
    chosen = jwt.get_algorithm_by_name(algorithm)
    try:
        prepared = chosen.prepare_key(key)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    return None if chosen.check_key_length(prepared) else prepared


def _name(claims: dict[str, Any], issuer: str) -> str | None:
    client = claims.get("client_id") or claims.get("azp")
    parts = [claims.get("sub"), client]
    if not any(isinstance(part, str) and part for part in parts):
        return None
    shown = [
        quote(part, safe=_IN_NAMES) if isinstance(part, str) and part else "?" for part in parts
    ]
    return " ".join((*shown, quote(issuer, safe=_IN_NAMES)))


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    said = next((claims[name] for name in _SCOPE_CLAIMS if name in claims), None)
    listed = said.split(" ") if isinstance(said, str) else said
    if not isinstance(listed, list):
        return frozenset()
    texts = [scope for scope in cast("list[object]", listed) if isinstance(scope, str)]
    return frozenset(filter(is_scope, texts))
