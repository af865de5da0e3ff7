"""Rate limits that several processes keep together, in memory that they share."""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import tempfile
import time
from collections.abc import Hashable, Sequence
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any, NamedTuple

from toolyard.security.rate import ROUNDING_S, RateLimit

SLOT = struct.Struct("=16sd")
"""Whose bucket it is, and when that will be full again."""
WAYS = 8
"""Slots of one set. A key belongs into one set, whichever of its slots is free."""
SETS = 2048
SET = struct.Struct("=" + "16sd" * WAYS)
SET_BYTES = SET.size
LOCK_S = 0.05
"""How long the lock of a set is tried for: it is held for microseconds, unless who has it has to
wait for a processor."""


class Pace(NamedTuple):
    """A rate limit in seconds: from one call to the next, and how far ahead a burst may be."""

    interval_s: float
    slack_s: float


def shared_memory() -> int:
    """A descriptor of empty memory for `RateTable`; it has no name, and goes with who holds it."""
    with tempfile.TemporaryFile() as file:
        os.ftruncate(file.fileno(), SETS * SET_BYTES)
        return os.dup(file.fileno())


class RateTable:
    """The buckets of all keys; whoever maps the same memory with the same secret counts together.

    A key that is forgotten starts with a full bucket: where a set has no free slot, that is the
    one whose bucket is nearest to full.

    Args:
        memory: From `shared_memory`, in this process or in the one that started it.
        secret: Keeps callers from choosing who shares a set with them.
    """

    def __init__(self, memory: int, secret: bytes) -> None:
        self._file = memory
        self._map = mmap.mmap(memory, SETS * SET_BYTES)
        self._secret = secret

    def limiter(self, limit: RateLimit, name: str) -> SharedRateLimiter:
        """A limiter of its own keys, told apart from others by `name`."""
        return SharedRateLimiter(limit, name, self)

    def place(self, name: str, key: Hashable) -> tuple[bytes, int]:
        """What stands for a key, and where its set begins."""
        digest = blake2b(repr((name, key)).encode(), digest_size=16, key=self._secret).digest()
        return digest, int.from_bytes(digest[:4], "big") % SETS * SET_BYTES

    def count(self, digest: bytes, start: int, now: float, pace: Pace) -> float:
        """Count a call of who has `digest`, as `RateLimiter.check` does.

        The system gives up the locks of a process that dies. One that was stopped just here does
        not hold the others up: they go on, at the price of a call that is not counted.
        """
        is_locked = self._lock(start)
        try:
            found = SET.unpack_from(self._map, start)
            place = _place_of(digest, found)
            full_at = max(found[place + 1], now) if found[place] == digest else now
            wait_s = full_at - now - pace.slack_s
            if wait_s > ROUNDING_S:
                return wait_s
            full_at += pace.interval_s
            SLOT.pack_into(self._map, start + place // 2 * SLOT.size, digest, full_at)
            return 0.0
        finally:
            if is_locked:
                fcntl.lockf(self._file, fcntl.LOCK_UN, SET_BYTES, start)

    def _lock(self, start: int) -> bool:
        deadline = None
        while True:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, SET_BYTES, start)
            except OSError:  # another one has it, or the system has no more locks
                deadline = time.monotonic() + LOCK_S if deadline is None else deadline
                if time.monotonic() > deadline:
                    return False
                os.sched_yield()
            else:
                return True


class SharedRateLimiter:
    """As `RateLimiter`, for all processes that have its table."""

    def __init__(self, limit: RateLimit, name: str, table: RateTable) -> None:
        self._pace = Pace(1 / limit.per_second, (limit.burst - 1) / limit.per_second)
        self._table = table
        self._place = lru_cache(maxsize=1024)(partial(table.place, name))

    def check(self, key: Hashable, now: float) -> float:
        """As `RateLimiter.check`; `now` is of the machine's clock, which its processes share."""
        return self._table.count(*self._place(key), now, self._pace)


def _place_of(digest: bytes, found: Sequence[Any]) -> int:
    """Where the slot of a key begins; if it has none, the one that holds the least."""
    try:
        return found.index(digest)
    except ValueError:
        return min(range(0, 2 * WAYS, 2), key=lambda place: found[place + 1])
