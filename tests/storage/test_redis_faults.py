"""M6: a server that goes away, stalls, cuts connections, or comes back with less than it had."""

import logging
import signal
import time
from collections.abc import Generator
from pathlib import Path

import anyio
import pytest
from tests.support.redis import Redis, redis, valkey
from tests.support.relay import relay

from toolyard.core.errors import OutcomeUnknown, StoreError, StoreUnavailable, StoreUnusable
from toolyard.storage.redis_store import RedisStore
from toolyard.storage.store import Store

START = {"redis": redis, "valkey": valkey}


@pytest.fixture(params=list(START))
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Redis]:
    """A server that the test may kill."""
    with START[request.param](tmp_path) as server:
        yield server


@pytest.fixture
def replica(own: Redis, tmp_path: Path) -> Generator[Redis]:
    """A server that follows `own`."""
    own.ask("CONFIG", "SET", "repl-diskless-sync-delay", "0")
    directory = tmp_path / "replica"
    directory.mkdir()
    follower = Redis(directory, program=own.program)
    with follower.running():
        follower.ask("REPLICAOF", "127.0.0.1", str(own.port))
        yield follower


async def until_told(what: bytes, server: Redis, *words: str) -> None:
    """Wait until the server's answer to a command has `what` in it."""
    with anyio.fail_after(10):
        while what not in server.ask(*words):  # noqa: ASYNC110 - it calls nobody
            await anyio.sleep(0.02)


async def refused_at_once(store: Store) -> bool:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as refused:
        await store.get("k")
    return "for a while" in str(refused.value) and time.monotonic() - began < 0.1


async def test_nobody_waits_for_a_server_that_has_stopped(own: Redis) -> None:
    async with RedisStore(own.url, timeout_s=0.2) as store:
        await store.put("k", "v")
        own.kill(signal.SIGSTOP)
        began = time.monotonic()
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(unanswered, store)
        assert time.monotonic() - began < 2  # not a deadline for each who waits for a turn
        assert await refused_at_once(store)
        own.kill(signal.SIGCONT)
        assert await refused_at_once(store)
        assert await found_again(store)
        async with anyio.create_task_group() as tasks:
            for _ in range(50):
                tasks.start_soon(store.get, "k")


async def unanswered(store: Store) -> None:
    with pytest.raises(StoreUnavailable):
        await store.get("k")


async def found_again(store: Store) -> bool:
    """Whether the key is there, once the server is asked again."""
    while True:
        try:
            return await store.get("k") is not None
        except StoreUnavailable:
            await anyio.sleep(0.1)


async def test_one_request_at_a_time_looks_whether_the_server_is_back(own: Redis) -> None:
    async with RedisStore(own.url, timeout_s=0.5) as store:
        own.kill()
        for _ in range(5):
            await unanswered(store)
        assert await refused_at_once(store)
        assert store.health()["answers"] is False
        await anyio.sleep(1)  # the pause has no event
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            await store.get("k")
        assert await refused_at_once(store)
        own.start()
        await store_again(store)
        assert store.health()["answers"] is True


async def store_again(store: Store) -> None:
    while True:
        try:
            await store.put("k", "v")
            return
        except StoreUnavailable:
            await anyio.sleep(0.1)


async def test_a_refusal_is_an_answer_and_opens_no_circuit(own: Redis) -> None:
    async with RedisStore(own.url) as store:
        await store.put("n", "no number")
        for _ in range(10):
            with pytest.raises(StoreError, match="integer"):
                await store.increment("n")
        own.ask("CONFIG", "SET", "requirepass", "right")
    for _ in range(10):
        with pytest.raises(StoreUnusable, match="password"):
            async with store:
                pass


async def test_a_reset_connection_is_replaced_and_nothing_is_lost(own: Redis) -> None:
    async with (
        relay(own.port) as between,
        RedisStore(f"redis://127.0.0.1:{between.port}/0", timeout_s=2) as store,
    ):
        kept = dict[str, int]()
        for number in range(60):
            if number % 7 == 3:
                between.reset()
            try:
                kept[f"k{number}"] = await store.put(f"k{number}", "v")
            except (OutcomeUnknown, StoreUnavailable):
                found = await store.get(f"k{number}")  # what to do then: read
                assert found is None or found.value == "v"
        assert len(kept) > 40
        for key, version in kept.items():
            found = await store.get(key)
            assert found is not None
            assert found.version == version


async def test_a_replica_is_refused_at_once(own: Redis, replica: Redis) -> None:
    await until_told(b"master_link_status:up", replica, "INFO", "replication")
    with pytest.raises(StoreUnusable, match="read-only replica"):
        async with RedisStore(replica.url):
            pass


async def test_a_failover_to_a_replica_that_lagged_is_noticed(
    own: Redis, replica: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """What it lost is lost; but it is said aloud, and no version is given twice."""
    async with (
        relay(own.port) as between,
        RedisStore(f"redis://127.0.0.1:{between.port}/0", timeout_s=2) as store,
        store.watch() as changes,
    ):
        await store.put("early", "v")
        await until_told(b":1", replica, "HEXISTS", "{toolyard:toolyard}:values", "early")
        replica.kill(signal.SIGSTOP)
        own.ask("CLIENT", "KILL", "TYPE", "replica")
        late = await store.put("late", "v")
        own.kill()
        replica.kill(signal.SIGCONT)
        replica.ask("REPLICAOF", "NO", "ONE")
        between.target = replica.port
        between.reset()
        with caplog.at_level(logging.ERROR):
            assert "lost changes" in await lost_is_told(store)
        assert "lost changes" in caplog.text
        assert await store.get("early") is not None
        assert await store.get("late") is None
        assert await store.compare_and_set("late", "w", version=late) is None
        assert await store.put("next", "v") > late
        with anyio.fail_after(5):
            while (await anext(changes)).key is not None:
                pass


async def lost_is_told(store: Store) -> str:
    """What the first request is told that the new server answers."""
    while True:
        try:
            await store.put("first", "v")
        except (OutcomeUnknown, StoreUnavailable):
            continue
        except StoreUnusable as error:
            return str(error)
        return "Nobody was told."
