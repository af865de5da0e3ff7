"""The public keys of an issuer of JWTs, fetched when they are needed and not too often."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
import jwt

from toolyard.core.errors import ConfigError
from toolyard.security.plain_address import is_loopback
from toolyard.security.verifier import unavailable

LIFETIME_S = 300.0
"""Keys older than this are fetched again."""
STALE_S = 3600.0
"""How long keys serve at most when the issuer cannot be reached."""
COOL_DOWN_S = 10.0
"""Time between two tries to fetch, however many tokens name unknown keys."""
FETCH_TIMEOUT_S = 5.0
MAX_KEYS = 100

_KINDS = frozenset({"RSA", "EC", "OKP"})
"""Never `oct`: a shared secret has no place in a public document."""

_log = logging.getLogger("toolyard.security")


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, and the one algorithm it is for if the issuer says so."""

    public: Any
    algorithm: str | None = None


Keys = Mapping[str | None, Key]
"""Keys by their id; one alone is under `None` as well, for tokens that name no key."""

Clock = Callable[[], float]


class JwkSet:
    """The keys of a JWK Set at an https URL (http on loopback only) or in a file.

    Raises:
        ConfigError: The place is neither, or the file holds no usable key.
    """

    def __init__(self, place: str, *, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._keys: Keys = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._turn = anyio.Lock()
        self._threads = anyio.CapacityLimiter(1)
        self._load: Callable[[], object]
        if "://" in place:
            self._load = _url_loader(place)
            return
        self._load = lambda: json.loads(Path(place).read_bytes())
        try:
            self._take(self._load())
        except (OSError, ValueError) as error:
            raise ConfigError(f"jwks: {Path(place).name!r} holds no usable keys.") from error

    async def find(self, key_id: str | None) -> Key | None:
        """The key of that id, or the only one if `key_id` is `None`.

        Raises:
            Refusal: 503: no keys are known, as the issuer could not be reached.
        """
        if self._clock() - self._fetched_at > LIFETIME_S or key_id not in self._keys:
            await self._refresh()
        if self._clock() - self._fetched_at > STALE_S:
            raise unavailable()
        return self._keys.get(key_id)

    async def _refresh(self) -> None:
        if self._keys and self._turn.locked():
            return  # someone is at it, and the known keys will do
        async with self._turn:
            if self._clock() - self._tried_at < COOL_DOWN_S:
                return
            self._tried_at = self._clock()
            try:
                with anyio.fail_after(FETCH_TIMEOUT_S):
                    loaded = await anyio.to_thread.run_sync(
                        self._load, abandon_on_cancel=True, limiter=self._threads
                    )
                self._take(loaded)
            except (OSError, ValueError, RecursionError, jwt.PyJWTError) as error:
                _log.warning("The keys for JWTs cannot be fetched: %s.", type(error).__name__)

    def _take(self, document: object) -> None:
        keys = read_keys(document)
        if not keys:
            raise ValueError("no usable key")
        self._keys, self._fetched_at = keys, self._clock()


def read_keys(document: object) -> Keys:
    """The public signing keys of a JWK Set; symmetric, encryption and broken ones are left out."""
    entries = [entry for sets in _objects([document]) for entry in _objects(sets.get("keys"))]
    found = [(entry.get("kid"), _read_key(entry)) for entry in entries[:MAX_KEYS]]
    usable = [(key_id, key) for key_id, key in found if key is not None]
    # Reversed, as the first of two keys with one id is to win.
    keys: dict[str | None, Key] = {k: key for k, key in reversed(usable) if isinstance(k, str)}
    if len(usable) == 1:
        keys[None] = usable[0][1]
    return keys


def _read_key(entry: Mapping[str, Any]) -> Key | None:
    try:
        if entry.get("kty") not in _KINDS or entry.get("use", "sig") != "sig":
            return None
        return Key(jwt.PyJWK(dict(entry)).key, entry.get("alg"))
    except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError):
        return None


def _objects(values: object) -> list[dict[str, Any]]:
    if not isinstance(values, list):
        return []
    return [value for value in cast("list[Any]", values) if isinstance(value, dict)]


def _url_loader(url: str) -> Callable[[], object]:
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not safe or not parts.hostname:
        raise ConfigError(f"jwks: {url!r} must be an https URL (http on loopback) or a file.")
    return jwt.PyJWKClient(url, cache_jwk_set=False, timeout=FETCH_TIMEOUT_S).fetch_data
