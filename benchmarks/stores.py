"""Stores and the memory beside the bare engines below them."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
from redis.asyncio import Redis as BareRedis
from tests.support.redis import redis

from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.table import Metric, Table, Values
from toolyard import Memory, MemoryStore, RedisStore, SqliteStore, Store

METRICS = (
    Metric("put_rate", "put/s", more_is_better=True),
    Metric("get_rate", "get/s", more_is_better=True),
)
_VALUE = "v" * 100
_KEYS = 1_000
_BATCH = 50


@dataclass(frozen=True)
class Row:
    """One way to keep a value, ready to be used."""

    name: str
    put: Callable[[str], Awaitable[object]]
    get: Callable[[str], Awaitable[object]]


def measure_stores(plan: Plan) -> list[Table]:
    """Each engine, bare, as a store, and as a memory."""
    return anyio.run(_measure, plan)


async def _measure(plan: Plan) -> list[Table]:
    engines = {"a dictionary": _in_memory, "sqlite3": _in_sqlite, "redis-py": _in_redis}
    if not shutil.which("redis-server"):
        plan.say("redis-server is missing: run tests/support/install.py")
        del engines["redis-py"]
    tables: list[Table] = []
    for base, engine in engines.items():
        table = Table(
            f"stores/{base}", f"Stores over {base}, one operation at a time", base, METRICS
        )
        async with engine() as rows:
            for number in rounds(plan.amount.call_rounds, plan.amount):
                plan.say(f"{table.title}, round {number + 1} of {plan.amount.call_rounds}")
                turn = in_turn(rows, number)
                taken = {row.name: await _use(row, plan.amount.call_s / 2) for row in turn}
                table.rounds.append({row.name: taken[row.name] for row in rows})
        tables.append(table)
    return tables


async def _use(row: Row, seconds: float) -> Values:
    return {"put_rate": await _rate(row.put, seconds), "get_rate": await _rate(row.get, seconds)}


async def _rate(operation: Callable[[str], Awaitable[object]], seconds: float) -> float:
    """Operations per second, on keys in turn."""
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for _ in range(_BATCH):
            await operation(f"key:{count % _KEYS}")
            count += 1
    return count / (time.perf_counter() - began)


def _rows(store: Store) -> list[Row]:
    memory = Memory(store)
    return [
        Row(type(store).__name__, lambda key: store.put(key, _VALUE), store.get),
        Row("Memory", lambda key: memory.put(key, _VALUE), memory.get),
    ]


@asynccontextmanager
async def _in_memory() -> AsyncGenerator[list[Row]]:
    kept: dict[str, str] = {}

    async def put(key: str) -> None:
        kept[key] = _VALUE

    async def get(key: str) -> str | None:
        return kept.get(key)

    yield [Row("a dictionary", put, get), *_rows(MemoryStore())]


@asynccontextmanager
async def _in_sqlite() -> AsyncGenerator[list[Row]]:
    """The bare one also acknowledges what is on the disk, and blocks the event loop meanwhile."""
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory()))
        bare = sqlite3.connect(directory / "bare.db", isolation_level=None)
        stack.enter_context(closing(bare))
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE entries(key TEXT PRIMARY KEY, value TEXT)")

        async def put(key: str) -> None:
            bare.execute("INSERT OR REPLACE INTO entries VALUES (?, ?)", (key, _VALUE))

        async def get(key: str) -> object:
            return bare.execute("SELECT value FROM entries WHERE key = ?", (key,)).fetchone()

        store = await stack.enter_async_context(SqliteStore(directory / "store.db"))
        yield [Row("sqlite3", put, get), *_rows(store)]


@asynccontextmanager
async def _in_redis() -> AsyncGenerator[list[Row]]:
    """Without an append-only file, so that the disk does not hide everything else."""
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory()))
        server = stack.enter_context(redis(directory, "--appendonly", "no"))
        bare = BareRedis.from_url(server.url)
        stack.push_async_callback(bare.aclose)

        async def put(key: str) -> object:
            return await bare.set(key, _VALUE)

        store = await stack.enter_async_context(RedisStore(server.url))
        yield [Row("redis-py", put, bare.get), *_rows(store)]
