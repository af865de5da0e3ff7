"""What only a store behind a connection can suffer."""

import logging
import secrets
import signal
import time
from collections.abc import Generator
from pathlib import Path

import anyio
import pytest
from tests.support.process import free_port
from tests.support.redis import DURABLE, Redis, redis

from toolyard.core.errors import (
    ConfigError,
    OutcomeUnknown,
    StoreError,
    StoreFull,
    StoreUnavailable,
    StoreUnusable,
)
from toolyard.storage.redis_store import RedisStore


@pytest.fixture
def own(tmp_path: Path) -> Generator[Redis]:
    """A server that the test may kill."""
    with redis(tmp_path) as server:
        yield server


def store_on(server: Redis, *, timeout_s: float = 5) -> RedisStore:
    return RedisStore(server.url, name=secrets.token_hex(8), timeout_s=timeout_s)


async def test_what_was_acknowledged_survives_a_kill_of_the_server(own: Redis) -> None:
    """M6, with appendfsync always."""
    async with store_on(own) as store:
        assert store.durability == "always"
        versions = [await store.put(f"k{number}", "v") for number in range(200)]
        own.kill()
        with pytest.raises(StoreError):
            await store.put("while it is gone", "v")
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            await store.get("k0")
        own.start()
        for number, version in enumerate(versions):
            found = await store.get(f"k{number}")
            assert found is not None
            assert found.version == version
        assert await store.put("next", "v") > versions[-1]


async def test_a_server_that_pauses_is_waited_for_so_long(own: Redis) -> None:
    """A change then has an unknown outcome; it is not made twice, and answers do not mix."""
    async with store_on(own, timeout_s=0.3) as store:
        await store.put("n", "0")
        own.kill(signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="read before you write"):
            await store.increment("n")
        with pytest.raises(StoreUnavailable):
            await store.get("n")
        assert time.monotonic() - began < 2
        own.kill(signal.SIGCONT)
        found = await store.get("n")
        assert found is not None
        assert found.value in ("0", "1")
        assert await store.increment("n") == int(found.value) + 1


async def test_a_cancelled_request_leaves_no_answer_for_the_next(own: Redis) -> None:
    async with store_on(own) as store:
        await store.put("a", "of a")
        await store.put("b", "of b")
        own.kill(signal.SIGSTOP)
        with anyio.move_on_after(0.1) as scope:
            await store.get("a")
        assert scope.cancelled_caught
        own.kill(signal.SIGCONT)
        for _ in range(3):
            found = await store.get("b")
            assert found is not None
            assert found.value == "of b"


@pytest.mark.parametrize(
    ("options", "durability"),
    [
        (("--appendonly", "no"), "none"),
        (("--appendonly", "yes", "--appendfsync", "everysec"), "everysec"),
        ((*DURABLE, "--rename-command", "CONFIG", ""), "unknown"),
    ],
)
async def test_a_server_that_may_lose_claims_is_named_aloud(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    options: tuple[str, ...],
    durability: str,
) -> None:
    with redis(tmp_path, *options) as server, caplog.at_level(logging.WARNING):
        async with store_on(server) as store:
            assert store.durability == durability
            assert store.health()["durability"] == durability
    assert f"durability is {durability}" in caplog.text


async def test_a_server_that_evicts_is_named_aloud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options = (*DURABLE, "--maxmemory-policy", "allkeys-lru")
    with redis(tmp_path, *options) as server, caplog.at_level(logging.WARNING):
        async with store_on(server):
            pass
    assert "allkeys-lru" in caplog.text


async def test_a_durable_server_is_not_warned_of(
    own: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with store_on(own):
            pass
    assert not caplog.records


async def test_a_server_without_memory_is_a_full_store(own: Redis) -> None:
    async with store_on(own) as store:
        await store.put("k", "v")
        own.ask("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(StoreFull, match="maxmemory"):
            await store.put("l", "v" * 1000)
        assert await store.get("k") is not None
        assert await store.get("l") is None
        assert await store.delete("k")
        assert (await store.sizes()).keys == 0
        own.ask("CONFIG", "SET", "maxmemory", "0")
        await store.put("l", "v")
        assert (await store.sizes()).keys == 1


async def test_a_replica_is_not_written_to(own: Redis) -> None:
    async with store_on(own) as store:
        own.ask("REPLICAOF", "127.0.0.1", str(free_port()))
        with pytest.raises(StoreUnusable, match="replica"):
            await store.put("k", "v")


async def test_a_wrong_password_is_told_without_it(own: Redis) -> None:
    own.ask("CONFIG", "SET", "requirepass", "right")
    for url in (own.url, own.url.replace("://", "://:wr0ngpass@")):
        with pytest.raises(StoreUnusable, match="password") as refused:
            async with RedisStore(url):
                pass
        assert "wr0ngpass" not in str(refused.value)


async def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        async with RedisStore(f"redis://127.0.0.1:{free_port()}/0", timeout_s=1):
            pass


async def test_a_newer_format_is_refused(redis_server: Redis) -> None:
    redis_server.ask("HSET", "{toolyard:newer}:state", "format", "2")
    with pytest.raises(StoreUnusable, match="newer"):
        async with RedisStore(redis_server.url, name="newer"):
            pass


@pytest.mark.parametrize("url", ["http://here", "localhost", "", "redis://h:port/0"])
def test_a_malformed_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="malformed"):
        RedisStore(url)


@pytest.mark.parametrize("name", ["", "a b", "a}b", "x" * 65])
def test_a_malformed_name_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="name"):
        RedisStore(name=name)


async def test_many_operations_at_once_take_turns(redis_server: Redis) -> None:
    store = RedisStore(redis_server.url, name=secrets.token_hex(8), connections=3)
    async with store, anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(store.increment, "n")
    async with store:
        assert await store.increment("n") == 101
