"""A store in Redis or Valkey, shared by machines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import anyio

from toolyard.core.errors import ConfigError, StoreError, StoreUnusable
from toolyard.storage import redis_scripts as scripts
from toolyard.storage.checks import (
    beyond,
    check_key,
    check_limit,
    check_prefix,
    check_room,
    check_step,
    check_ttl,
    check_value,
    check_version,
)
from toolyard.storage.redis_link import Durability, RedisLink
from toolyard.storage.store import (
    ChangeStream,
    Entry,
    ListedKey,
    Page,
    Sizes,
    StoreChange,
    StoreLimits,
)
from toolyard.storage.watching import BATCH, POLL_S, Watch

FORMAT = b"1"
_PARTS = ("heads", "values", "order", "leases", "versions", "deleted", "state")
_UNTOLD: Mapping[int, str] = {
    -3: "The value there is no integer of at most 15 digits; nothing was added.",
    -4: "Integers in a store have at most 15 digits.",
}


class RedisStore:
    """A `Store` in Redis or Valkey 6.2 or newer; needs `pip install "toolyard[redis]"`.

    Every operation is one script, which the server runs as a whole. Nothing is tried again by
    itself: when the answer to a change does not come, that is `OutcomeUnknown`. Leases follow
    the server's clock. How well acknowledged changes survive a crash of the server is its
    setting: look at `durability`. A server that has fallen behind what it acknowledged, after
    a failover say, makes one operation fail with `StoreUnusable`; versions still only grow.
    """

    def __init__(
        self,
        url: str = "redis://127.0.0.1:6379/0",
        *,
        name: str = "toolyard",
        limits: StoreLimits | None = None,
        timeout_s: float = 5.0,
        connections: int = 16,
    ) -> None:
        """Nothing is connected before it is entered.

        Args:
            url: `redis://`, `rediss://` (TLS) or `unix://`, as redis-py reads them.
            name: Which store on that server: letters, digits, `.`, `_` and `-`.
            limits: What it may hold; all who share it should say the same.
            timeout_s: How long one operation waits for a connection, and then for its answer.
            connections: How many operations run at once; more wait for their turn.

        Raises:
            ConfigError: `url` or `name` is malformed.
        """
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name):
            raise ConfigError("The name of a store has 1 to 64 letters, digits, '.', '_' and '-'.")
        self._limits = limits or StoreLimits()
        self._link = RedisLink(url, timeout_s=timeout_s, connections=connections)
        self._keys = [f"{{toolyard:{name}}}:{part}" for part in _PARTS]  # one slot of a cluster
        self._durability: Durability = "unknown"
        self._users = 0
        self._seen = 0  # a version that the server had reached

    @property
    def durability(self) -> Durability:
        """The server's `appendfsync`; "none" without an append-only file.

        Only "always" keeps every acknowledged change over a crash. "unknown" until entered, and
        where the server does not tell.
        """
        return self._durability

    def health(self) -> Mapping[str, Any]:
        """Whether it answers, and whether a crash may lose what it acknowledged."""
        return {
            "engine": "redis",
            "answers": self._link.answers,
            "durability": self._durability,
        }

    async def __aenter__(self) -> Self:
        """Look at the server; `StoreUnavailable` or `StoreUnusable` if that cannot be.

        It may be entered several times; the last to leave closes the connections.
        """
        self._users += 1
        try:
            found, self._seen = await self._run(scripts.OPEN, FORMAT)
            if found != FORMAT:
                raise StoreUnusable("The store was written by a newer toolyard: upgrade this one.")
            self._durability = await self._link.durability()
        except BaseException:  # a cancellation too: nobody else would close it
            await self._leave()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._leave()

    async def _leave(self) -> None:
        self._users -= 1
        if not self._users:
            self._seen = 0
            await self._link.close()

    async def get(self, key: str) -> Entry | None:
        """As `Store.get`."""
        check_key(key, self._limits)
        found = await self._run(scripts.GET, key)
        if found is None:
            return None
        version, added, left, value = found
        return Entry(key, value.decode(), version, added / 1000, _seconds(left))

    async def put(self, key: str, value: str, *, ttl_s: float | None = None) -> int:
        """As `Store.put`."""
        self._check(key, value, ttl_s)
        return self._written(await self._run(scripts.PUT, key, value, _ms(ttl_s)))

    async def compare_and_set(
        self, key: str, value: str, *, version: int, ttl_s: float | None = None
    ) -> int | None:
        """As `Store.compare_and_set`."""
        self._check(key, value, ttl_s)
        check_version(version)
        run = self._run(scripts.COMPARE_AND_SET, key, value, _ms(ttl_s), version)
        return self._written(await run) or None

    async def renew(self, key: str, *, version: int, ttl_s: float | None) -> bool:
        """As `Store.renew`."""
        self._check(key, "", ttl_s)
        check_version(version)
        return bool(await self._run(scripts.RENEW, key, _ms(ttl_s), version))

    async def increment(self, key: str, by: int = 1, *, ttl_s: float | None = None) -> int:
        """As `Store.increment`."""
        self._check(key, "", ttl_s)
        check_step(by)
        status, *total = await self._run(scripts.INCREMENT, key, by, _ms(ttl_s))
        self._written(status)
        return total[0]

    async def delete(self, key: str, *, version: int | None = None) -> bool:
        """As `Store.delete`."""
        check_key(key, self._limits)
        if version is not None:
            check_version(version)
        return bool(await self._run(scripts.DELETE, key, "" if version is None else version))

    async def list_keys(self, prefix: str = "", *, after: str = "", limit: int = 100) -> Page:
        """As `Store.list_keys`."""
        check_prefix(prefix)
        check_prefix(after, "cursor")
        check_limit(limit)
        rows, start = list[Any](), after
        while True:
            more, last = await self._run(scripts.LIST, *_span(prefix, start), limit + 1 - len(rows))
            rows += more
            if not last:
                break
            start = last.decode()
        listed = tuple(
            ListedKey(key.decode(), version, added / 1000, _seconds(left), size)
            for key, version, added, left, size in rows[:limit]
        )
        return Page(listed, listed[-1].key if len(rows) > limit else None)

    async def clear(self, prefix: str = "") -> int:
        """As `Store.clear`."""
        check_prefix(prefix)
        total, after = 0, ""
        while True:
            count, last = await self._run(scripts.CLEAR, *_span(prefix, after))
            total, after = total + count, last.decode()
            if count < BATCH:
                return total

    async def sizes(self, prefix: str = "") -> Sizes:
        """As `Store.sizes`."""
        check_prefix(prefix)
        keys = key_bytes = value_bytes = 0
        after = ""
        while True:
            seen, last, *counted = await self._run(scripts.SIZES, *_span(prefix, after))
            keys, key_bytes = keys + counted[0], key_bytes + counted[1]
            value_bytes += counted[2]
            if not seen:
                return Sizes(keys, key_bytes, value_bytes)
            after = last.decode()

    def watch(self, prefix: str = "") -> ChangeStream:
        """As `Store.watch`."""
        check_prefix(prefix)

        async def changes(after: int) -> tuple[Sequence[StoreChange], int]:
            sequence, is_lost, written, gone = await self._run(scripts.CHANGES, after)
            if is_lost:
                return (StoreChange(None, sequence),), sequence
            self._seen = max(self._seen, sequence)
            found, seen = _merged(written, gone, sequence)
            return [each for each in found if (each.key or "").startswith(prefix)], seen

        return Watch(changes, lambda: anyio.sleep(POLL_S))

    async def _run(self, script: scripts.Script, *arguments: object) -> Any:
        limits = (self._limits.max_keys, self._limits.max_bytes)
        return await self._link.run(script, self._keys, *limits, *arguments, self._seen)

    def _check(self, key: str, value: str, ttl_s: float | None) -> None:
        check_key(key, self._limits)
        check_value(value, self._limits)
        check_ttl(ttl_s)

    def _written(self, status: int) -> int:
        """The version that a script gave, or the error it means."""
        if status in _UNTOLD:
            raise StoreError(_UNTOLD[status])
        if status == -1:
            check_room(self._limits.max_keys + 1, 0, self._limits)
        if status == -2:
            check_room(0, self._limits.max_bytes + 1, self._limits)
        self._seen = max(self._seen, status)
        return status


def _ms(ttl_s: float | None) -> int | str:
    return "" if ttl_s is None else max(1, round(ttl_s * 1000))


def _seconds(left_ms: int) -> float | None:
    return None if left_ms < 0 else left_ms / 1000


def _span(prefix: str, after: str) -> tuple[bytes, bytes]:
    """The keys that begin with `prefix` and come after `after`, as Redis writes a range."""
    end = beyond(prefix)
    first = b"(" + after.encode() if after >= prefix and after else b"[" + prefix.encode()
    return first, b"+" if end is None else b"(" + end.encode()


def _merged(
    written: Sequence[bytes], gone: Sequence[bytes], sequence: int
) -> tuple[list[StoreChange], int]:
    """Both lists in order, as far as both are known, and how far that is."""
    seen = sequence
    found: list[StoreChange] = []
    for flat, is_gone in ((written, False), (gone, True)):
        changes = [
            StoreChange(key.decode(), int(version), is_gone)
            for key, version in zip(flat[::2], flat[1::2], strict=True)
        ]
        if len(changes) == BATCH:
            seen = min(seen, changes[-1].version)
        found += changes
    found = [change for change in found if change.version <= seen]
    return sorted(found, key=lambda change: change.version), seen
