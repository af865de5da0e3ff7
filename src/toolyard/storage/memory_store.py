"""A store in this process: the fastest, and gone with it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from itertools import islice, takewhile
from math import inf
from struct import Struct
from types import TracebackType
from typing import Any, NamedTuple, Self

import anyio
from anyio.lowlevel import checkpoint

from toolyard.storage.checks import (
    check_key,
    check_limit,
    check_prefix,
    check_room,
    check_step,
    check_ttl,
    check_value,
    check_version,
    summed,
)
from toolyard.storage.sorted_list import SortedList
from toolyard.storage.store import (
    ChangeStream,
    Entry,
    ListedKey,
    Page,
    Sizes,
    StoreChange,
    StoreLimits,
)
from toolyard.storage.watching import BATCH, MAX_DELETED, Watch

_REAPED = 16
"""Ended leases that one operation removes besides its own work."""
_IN_A_ROW = 64
"""Operations after which others come to their turn, whoever does them."""


_HEAD = Struct("=qqdd")
"""Before the value in a row: what `_Kept` has besides, where no end is an infinite one."""


class _Kept(NamedTuple):
    """What is at a key.

    It is kept as a row of bytes, so that the dictionary of all rows is nothing for the garbage
    collector, which would hold up everybody while it looks at a million of anything else.
    """

    size: int
    version: int
    added_at: float
    expires: float
    """By the monotonic clock, which nobody sets."""
    value: str

    @classmethod
    def of(cls, row: bytes) -> _Kept:
        """What a row holds."""
        size, version, added_at, expires = _HEAD.unpack_from(row)
        value = str(memoryview(row)[_HEAD.size :], "utf-8")
        return cls(size, version, added_at, expires, value)

    @property
    def row(self) -> bytes:
        """The same as it is kept."""
        return _HEAD.pack(*self[:-1]) + self.value.encode()


def _size_in(row: bytes) -> int:
    return _HEAD.unpack_from(row)[0]


def _version_in(row: bytes) -> int:
    return _HEAD.unpack_from(row)[1]


def _end_in(row: bytes) -> float:
    return _HEAD.unpack_from(row)[3]


class MemoryStore:
    """A `Store` in memory, used from one event loop.

    A key costs some 300 bytes besides its text. Nobody sees what has ended; every operation, and
    whoever watches, removes a little of it, so nothing ever stops to clean up.
    """

    def __init__(self, limits: StoreLimits | None = None) -> None:
        self._limits = limits or StoreLimits()
        self._kept: dict[str, bytes] = {}  # the last written last
        self._order: SortedList[str] = SortedList()
        self._leases: SortedList[tuple[float, str]] = SortedList()
        self._deleted: dict[str, int] = {}
        self._forgotten = 0
        self._version = 0
        self._bytes = 0
        self._changed: anyio.Event | None = None
        self._operations = 0

    def health(self) -> Mapping[str, Any]:
        """Which engine this is; everything in it is gone with the process."""
        return {"engine": "memory", "durability": "none"}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    async def get(self, key: str) -> Entry | None:
        """As `Store.get`."""
        await self._take_turn()
        check_key(key, self._limits)
        self._reap()
        kept = self._live(key)
        if kept is None:
            return None
        left = _left(kept, time.monotonic())
        return Entry(key, kept.value, kept.version, kept.added_at, left)

    async def put(self, key: str, value: str, *, ttl_s: float | None = None) -> int:
        """As `Store.put`."""
        await self._take_turn()
        check_ttl(ttl_s)
        await self._make_room(value)
        return self._write(key, value, _until(ttl_s))

    async def compare_and_set(
        self, key: str, value: str, *, version: int, ttl_s: float | None = None
    ) -> int | None:
        """As `Store.compare_and_set`."""
        await self._take_turn()
        check_key(key, self._limits)
        check_value(value, self._limits)
        check_version(version)
        check_ttl(ttl_s)
        await self._make_room(value)
        kept = self._live(key)
        if (kept.version if kept else 0) != version:
            return None
        return self._write(key, value, _until(ttl_s))

    async def renew(self, key: str, *, version: int, ttl_s: float | None) -> bool:
        """As `Store.renew`."""
        await self._take_turn()
        check_key(key, self._limits)
        check_version(version)
        check_ttl(ttl_s)
        kept = self._live(key)
        if kept is None or kept.version != version:
            return False
        self._lease(key, kept.expires, inf)
        expires = _until(ttl_s)
        self._lease(key, inf, expires)
        self._kept[key] = kept._replace(version=version, expires=expires).row
        return True

    async def increment(self, key: str, by: int = 1, *, ttl_s: float | None = None) -> int:
        """As `Store.increment`."""
        await self._take_turn()
        check_key(key, self._limits)
        check_step(by)
        check_ttl(ttl_s)
        await self._make_room(str(by))
        kept = self._live(key)
        total = summed(kept.value if kept else "0", by)
        expires = kept.expires if kept and ttl_s is None else _until(ttl_s)
        self._write(key, str(total), expires)
        return total

    async def delete(self, key: str, *, version: int | None = None) -> bool:
        """As `Store.delete`."""
        await self._take_turn()
        check_key(key, self._limits)
        if version is not None:
            check_version(version)
        kept = self._live(key)
        if kept is None or version not in (None, kept.version):
            return False
        self._drop(key)
        return True

    async def list_keys(self, prefix: str = "", *, after: str = "", limit: int = 100) -> Page:
        """As `Store.list_keys`."""
        await self._take_turn()
        check_prefix(prefix)
        check_prefix(after, "cursor")
        check_limit(limit)
        self._reap()
        found: list[ListedKey] = []
        async for keys in self._batches(prefix, after):
            now = time.monotonic()
            found += [self._listed(key, now) for key in keys]
            if len(found) > limit:
                break
        page = tuple(found[:limit])
        return Page(page, page[-1].key if len(found) > limit else None)

    async def clear(self, prefix: str = "") -> int:
        """As `Store.clear`."""
        check_prefix(prefix)
        count, after = 0, ""
        while keys := list(islice(self._keys(prefix, after), BATCH)):
            for key in keys:
                self._drop(key)
            count, after = count + len(keys), keys[-1]
            await checkpoint()
        return count

    async def sizes(self, prefix: str = "") -> Sizes:
        """As `Store.sizes`."""
        check_prefix(prefix)
        self._reap()
        count = key_bytes = values = 0
        async for keys in self._batches(prefix, ""):
            count += len(keys)
            key_bytes += sum(len(key.encode()) for key in keys)
            values += sum(_size_in(self._kept[key]) for key in keys)
        return Sizes(count, key_bytes, values)

    def watch(self, prefix: str = "") -> ChangeStream:
        """As `Store.watch`."""
        check_prefix(prefix)

        async def changes(after: int) -> tuple[Sequence[StoreChange], int]:
            if after < 0:
                return (), self._version
            return self._changes(after, prefix), self._version

        return Watch(changes, self._until_changed)

    async def _until_changed(self) -> None:
        """Until somebody changes something, or a lease ends."""
        self._changed = self._changed or anyio.Event()
        first = self._leases.first()
        left_s = first[0] - time.monotonic() if first else inf
        with anyio.move_on_after(max(0.0, left_s)):
            await self._changed.wait()
        self._reap()

    def _changes(self, after: int, prefix: str) -> list[StoreChange]:
        latest = islice(reversed(self._kept.items()), MAX_DELETED + 1)
        written = list(takewhile(lambda item: _version_in(item[1]) > after, latest))
        if len(written) > MAX_DELETED or after < self._forgotten:
            return [StoreChange(None, self._version)]
        gone = takewhile(lambda item: item[1] > after, reversed(self._deleted.items()))
        found = [
            StoreChange(key, _version_in(row)) for key, row in written if key.startswith(prefix)
        ]
        found += [StoreChange(key, at, True) for key, at in gone if key.startswith(prefix)]
        found.sort(key=lambda change: change.version)
        return found

    def _keys(self, prefix: str, after: str) -> Iterator[str]:
        if after < prefix:
            found = self._order.beyond(prefix, included=True)
        else:
            found = self._order.beyond(after)
        return takewhile(lambda key: key.startswith(prefix), found)

    async def _batches(self, prefix: str, after: str) -> AsyncGenerator[list[str]]:
        """Keys whose leases have not ended, some at a time, so that others come to their turn."""
        while keys := list(islice(self._keys(prefix, after), BATCH)):
            now, after = time.monotonic(), keys[-1]
            yield [key for key in keys if _end_in(self._kept[key]) > now]
            await checkpoint()

    def _listed(self, key: str, now: float) -> ListedKey:
        kept = _Kept.of(self._kept[key])
        return ListedKey(key, kept.version, kept.added_at, _left(kept, now), kept.size)

    async def _take_turn(self) -> None:
        """Nothing here waits for anything, so a loop of operations would hold up all others."""
        self._operations += 1
        if self._operations % _IN_A_ROW == 0:
            await checkpoint()

    def _live(self, key: str) -> _Kept | None:
        row = self._kept.get(key)
        if row is None:
            return None
        kept = _Kept.of(row)
        if kept.expires <= time.monotonic():
            self._drop(key)
            return None
        return kept

    def _write(self, key: str, value: str, expires: float) -> int:
        key_size, size = check_key(key, self._limits), check_value(value, self._limits)
        self._reap()
        old = self._live(key)
        keys = len(self._kept) + (old is None)
        total = self._bytes + size - (old.size if old else -key_size)
        check_room(keys, total, self._limits)
        if old is None:
            self._order.add(key)
            self._deleted.pop(key, None)
        else:
            self._lease(key, old.expires, inf)
            del self._kept[key]  # so that it comes last
        self._lease(key, inf, expires)
        self._bytes = total
        self._kept[key] = _Kept(size, self._next(), time.time(), expires, value).row
        return self._version

    def _drop(self, key: str) -> None:
        kept = _Kept.of(self._kept.pop(key))
        self._order.remove(key)
        self._lease(key, kept.expires, inf)
        self._bytes -= kept.size + len(key.encode())
        self._deleted[key] = self._next()
        if len(self._deleted) > MAX_DELETED:
            self._forgotten = self._deleted.pop(next(iter(self._deleted)))

    def _lease(self, key: str, old: float, new: float) -> None:
        if old != inf:
            self._leases.remove((old, key))
        if new != inf:
            self._leases.add((new, key))

    def _next(self) -> int:
        self._version += 1
        if self._changed:
            self._changed.set()
            self._changed = None
        return self._version

    def _reap(self) -> int:
        """Remove a few whose lease has ended; how many."""
        now = time.monotonic()
        for count in range(_REAPED):
            first = self._leases.first()
            if first is None or first[0] > now:
                return count
            self._drop(first[1])
        return _REAPED

    async def _make_room(self, value: str) -> None:
        """Where it may be too full for `value`, remove what has ended until it is not."""
        size = check_value(value, self._limits) + self._limits.max_key_bytes
        while self._is_full_for(size) and self._reap() == _REAPED:
            await checkpoint()

    def _is_full_for(self, size: int) -> bool:
        most = self._limits
        return len(self._kept) >= most.max_keys or self._bytes + size > most.max_bytes


def _until(ttl_s: float | None) -> float:
    return inf if ttl_s is None else time.monotonic() + ttl_s


def _left(kept: _Kept, now: float) -> float | None:
    return None if kept.expires == inf else max(0.0, kept.expires - now)
