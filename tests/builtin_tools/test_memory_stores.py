"""What the memory says when its store is full, busy, damaged, gone or silent."""

import signal
import sqlite3
from pathlib import Path

import anyio
import pytest
from tests.support.redis import redis

from toolyard import (
    CallContext,
    CallTimeout,
    Memory,
    MemoryStore,
    RedisStore,
    SqliteStore,
    StoreUnavailable,
    ToolCall,
    ToolResult,
)
from toolyard.storage.store import StoreLimits


async def answer(memory: Memory, command: str, *, timeout_s: float = 60) -> ToolResult:
    context = CallContext(deadline=anyio.current_time() + timeout_s)
    return await memory.call_tool(ToolCall("memory", {"command": command}), context)


async def said(memory: Memory, command: str, *, timeout_s: float = 60) -> str:
    """The text of the answer, which is an error."""
    result = await answer(memory, command, timeout_s=timeout_s)
    assert result.is_error, result.text
    return result.text


@pytest.mark.parametrize("command", ["P l v", "CLAIM l me 60", "CAS l 0 v"])
async def test_a_full_store_says_what_to_do(command: str) -> None:
    memory = Memory(MemoryStore(StoreLimits(max_keys=1)))
    await memory.put("k", "v")
    assert await said(memory, command) == (
        "ERR:STORE_FULL: The store is full: it holds 1 keys. Delete some first."
    )
    assert (await memory.total()).keys == 1


async def test_a_store_with_too_many_bytes_says_what_to_do() -> None:
    memory = Memory(MemoryStore(StoreLimits(max_bytes=100)))
    assert "may have 100 bytes together" in await said(memory, f"P k {'v' * 100}")


@pytest.mark.parametrize("command", ["P k v", "CLAIM k me 60", "D k", "C", "CAS k 0 v"])
async def test_a_file_that_another_holds_is_told(tmp_path: Path, command: str) -> None:
    file = tmp_path / "store.db"
    async with Memory(SqliteStore(file, busy_timeout_s=0.05)) as memory:
        await memory.put("kept", "v")
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert (await said(memory, command)).startswith("ERR:STORE_UNAVAILABLE: Another process")
        other.execute("ROLLBACK")
        other.close()
        assert (await memory.list_keys()).keys[0].key == "kept"


async def test_a_call_waits_for_a_file_no_longer_than_it_may(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    async with Memory(SqliteStore(file, busy_timeout_s=1)) as memory:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CallTimeout), anyio.fail_after(0.9):
            await said(memory, "P k v", timeout_s=0.2)
        other.close()


async def test_a_file_that_was_removed_is_told(tmp_path: Path) -> None:
    async with Memory(SqliteStore(tmp_path / "store.db")) as memory:
        remove(tmp_path / "store.db")
        for command in ("G k", "P k v", "L", "T A", "CLAIM k me 60"):
            assert "STORE_UNUSABLE: The store's file was removed" in await said(memory, command)


def remove(file: Path) -> None:
    file.unlink()


async def test_a_file_that_turns_corrupt_never_seems_empty(tmp_path: Path) -> None:
    """What SQLite still has in its own memory is right; for the rest it says so."""
    file = tmp_path / "store.db"
    async with Memory(SqliteStore(file)) as memory:
        for number in range(100):
            await memory.put(f"k{number}", "v" * 100_000)
    async with Memory(SqliteStore(file)) as memory:
        spoil(file)
        answers = [(await answer(memory, f"G k{number}")).text for number in range(100)]
    refused = [text for text in answers if not text.startswith('{"value":"vvv')]
    assert len(refused) > 50
    (said,) = set(refused)
    assert said.startswith("ERR:STORE_UNUSABLE: The store's file is corrupt: restore it")


def spoil(file: Path) -> None:
    """Turn all pages but the first bad."""
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(4_096)
        opened.write(b"\xa5" * (size - 4_096))


async def test_a_redis_that_is_silent_or_gone_is_told(tmp_path: Path) -> None:
    with redis(tmp_path) as server:
        async with Memory(RedisStore(server.url, timeout_s=0.2)) as memory:
            await memory.put("n", "v")
            server.kill(signal.SIGSTOP)
            assert (await said(memory, "P n w")).startswith("ERR:OUTCOME_UNKNOWN: Redis stopped")
            assert (await said(memory, "G n")).startswith("ERR:STORE_UNAVAILABLE: Redis ")
            server.kill(signal.SIGCONT)
            server.kill()
            await said(memory, "G n")
            assert "STORE_UNAVAILABLE: Redis cannot be reached" in await said(memory, "D n")


class Restless(MemoryStore):
    """A store in which somebody of the same name writes between any two steps."""

    async def renew(self, key: str, *, version: int, ttl_s: float | None) -> bool:
        """Renew what is not there any more."""
        found = await self.get(key)
        assert found is not None
        await self.put(key, found.value, ttl_s=60)
        return await super().renew(key, version=version, ttl_s=ttl_s)


async def test_a_key_that_changes_hands_too_fast_is_given_up() -> None:
    memory = Memory(Restless())
    await memory.claim("task", "me", 60)
    assert "STORE_UNAVAILABLE: The key changes" in await said(memory, "CLAIM task me 60")
    assert "NOT_HOLDER" in await said(memory, "RENEW task me 60")
    with pytest.raises(StoreUnavailable):
        await memory.claim("task", "me", 60)
