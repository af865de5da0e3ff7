"""Each test of what a store is runs on every engine."""

import secrets
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path

import anyio
import pytest
from tests.support.redis import Redis, redis, valkey

from toolyard.storage.memory_store import MemoryStore
from toolyard.storage.redis_store import RedisStore
from toolyard.storage.sqlite_store import SqliteStore
from toolyard.storage.store import Store, StoreLimits

Make = Callable[[StoreLimits | None], Store]
"""Another opening of the same store, where that can be."""


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Redis]:
    with redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Redis]:
    with valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(params=["memory", "sqlite", "redis", "valkey"])
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def make(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Make:
    if engine == "memory":
        return MemoryStore
    if engine == "sqlite":
        return lambda limits: SqliteStore(tmp_path / "store.db", limits=limits)
    server: Redis = request.getfixturevalue(f"{engine}_server")
    name = secrets.token_hex(8)
    return lambda limits: RedisStore(server.url, name=name, limits=limits)


@pytest.fixture
async def store(make: Make) -> AsyncGenerator[Store]:
    async with make(None) as entered:
        yield entered


@pytest.fixture(autouse=True)
async def _in_time(anyio_backend: str) -> AsyncGenerator[None]:
    with anyio.fail_after(30):
        yield
