"""M8: a million keys in each engine: bounded memory, listed in pages, ended without a stall."""

import gc
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest
from tests.support.redis import redis

from soak.test_server import MIB, TIMES, times
from toolyard import MemoryStore, RedisStore, SqliteStore, Store

pytestmark = pytest.mark.timeout(3_600 * max(1, TIMES))

PROCESS = Path("/proc/self/status")
FILL_S = {"memory": 150.0, "redis": 600.0, "sqlite": 600.0}
"""Until when all leases last: filling and listing come first."""


@dataclass
class Stalls:
    """How long the event loop was away: by the clock, and working itself."""

    wall_s: list[float] = field(default_factory=list[float])
    own_s: list[float] = field(default_factory=list[float])

    @asynccontextmanager
    async def measured(self) -> AsyncGenerator[None]:
        """Look every 2 ms while the block runs."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._look)
            yield
            tasks.cancel_scope.cancel()

    async def _look(self) -> None:
        while True:
            wall, own = time.monotonic(), time.thread_time()
            await anyio.sleep(0.002)
            self.wall_s.append(time.monotonic() - wall - 0.002)
            self.own_s.append(time.thread_time() - own)

    def __str__(self) -> str:
        """The worst of both in milliseconds; others run on this machine too."""
        wall, own = max(self.wall_s) * 1e3, max(self.own_s) * 1e3
        late = sum(each > 0.1 for each in self.wall_s)
        return f"longest stall {own:.0f} ms of its own, {wall:.0f} ms by the clock ({late} > 100)"


def rss() -> int:
    """Bytes of memory that this process holds."""
    lines = PROCESS.read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


Sync = Callable[[bool], object]
"""Says whether each change is to be on the disk; filling would take half an hour so."""


@asynccontextmanager
async def opened(engine: str, directory: Path) -> AsyncGenerator[tuple[Store, Sync]]:
    if engine == "memory":
        yield MemoryStore(), lambda _: None
    elif engine == "sqlite":
        async with SqliteStore(directory / "store.db") as store:
            database = store._file._database
            assert database is not None
            yield store, lambda on: database.execute(f"PRAGMA synchronous = {'FULL' if on else 0}")
    else:
        with redis(directory) as server:
            async with RedisStore(server.url) as store:
                setting = ("CONFIG", "SET", "appendfsync")
                yield store, lambda on: server.ask(*setting, "always" if on else "no")


async def fill(store: Store, count: int, ends: float) -> None:
    """Put the keys in no order, several at once."""
    numbers = iter(range(count))

    async def put() -> None:
        for number in numbers:
            key = f"k{number * 7_919 % count:07}"
            await store.put(key, "v" * 20, ttl_s=max(1, ends - time.monotonic()))

    async with anyio.create_task_group() as tasks:
        for _ in range(16):
            tasks.start_soon(put)


async def took(operation: Awaitable[object]) -> float:
    began = time.monotonic()
    await operation
    return time.monotonic() - began


async def listed(store: Store) -> tuple[int, float]:
    """How many keys all pages have, and how long the slowest page took."""
    count, slowest, after = 0, 0.0, ""
    while True:
        began = time.monotonic()
        page = await store.list_keys(after=after, limit=1_000)
        slowest, count = max(slowest, time.monotonic() - began), count + len(page.keys)
        if page.cursor is None:
            return count, slowest
        after = page.cursor


async def until_all_are_gone(store: Store) -> list[float]:
    """How long each operation took that also removed a few of what had ended."""
    each: list[float] = []
    while await kept(store) > 1:
        each += [await took(store.put("other", "v")) for _ in range(500)]
    return each


async def kept(store: Store) -> int:
    """How many keys the engine still holds, those that have ended too."""
    if isinstance(store, MemoryStore):
        return len(store._kept)
    if isinstance(store, SqliteStore):
        return await store._read(lambda table: table._database.execute(COUNT).fetchone()[0])
    assert isinstance(store, RedisStore)
    return await store._link._ask(("HLEN", store._keys[0]), False)


COUNT = "SELECT keys FROM state"


@pytest.mark.parametrize("engine", list(FILL_S))
async def test_a_million_keys_are_kept_listed_and_ended_without_a_stall(
    tmp_path: Path, engine: str
) -> None:
    gc.collect()
    gc.freeze()  # what pytest holds is not looked through again and again
    count, stalls, before = times(1_000_000), Stalls(), rss()
    ends = time.monotonic() + FILL_S[engine] * TIMES
    async with opened(engine, tmp_path) as (store, sync), stalls.measured():
        sync(False)
        filling = await took(fill(store, count, ends))
        sync(True)
        grown = (rss() - before) / MIB
        seen, slowest = await listed(store)
        counting = await took(store.sizes())
        print(f"\n{engine}: {count} keys at {count / filling:.0f}/s, {grown:.0f} MiB more here; ")
        print(
            f"  all listed, a page in {slowest * 1e3:.0f} ms at most, counted in {counting:.1f} s"
        )
        assert seen == count
        await anyio.sleep(ends - time.monotonic() + 1.5)
        first = await took(store.list_keys())
        print(f"  all ended: the first page took {first:.2f} s, ", end="")
        each = sorted(await until_all_are_gone(store))
        print(f"removed in passing, {len(each)} puts, ", end="")
        print(f"99% in {each[-len(each) // 100 - 1] * 1e3:.0f} ms, all in {each[-1] * 1e3:.0f} ms")
        assert (await store.sizes()).keys == 1
    print(f"  {stalls}")
    assert sorted(stalls.own_s)[-10] < 0.1  # the longest: Python collects garbage among all keys
    assert grown < (800 if engine == "memory" else 80)
