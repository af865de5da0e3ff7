"""Each test of what a pool is runs on every engine."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import anyio
import pytest
from tests.support.redis import Redis, redis

from toolyard.storage.opening import store_at
from toolyard.storage.store import Store


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Redis]:
    with redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store that processes share."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path / 'store.db'}"
    server: Redis = request.getfixturevalue("redis_server")
    server.ask("FLUSHALL")
    return server.url


@pytest.fixture(params=["memory", "sqlite", "redis"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Store]:
    places = {"memory": "memory", "sqlite": f"sqlite:{tmp_path / 'store.db'}"}
    if request.param == "redis":
        server: Redis = request.getfixturevalue("redis_server")
        server.ask("FLUSHALL")
        places["redis"] = server.url
    async with store_at(places[request.param]) as entered:
        yield entered


@pytest.fixture(autouse=True)
async def _in_time(anyio_backend: str) -> AsyncGenerator[None]:
    with anyio.fail_after(50):
        yield
