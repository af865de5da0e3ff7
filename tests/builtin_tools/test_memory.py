"""What the memory keeps and who may claim what, in Python and as a tool."""

from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest

from toolyard import CallContext, ConfigError, Memory, MemoryStore, SqliteStore, ToolCall
from toolyard.core.tool import ToolResult

CONTEXT = CallContext()


@pytest.fixture
async def memory() -> AsyncGenerator[Memory]:
    async with Memory() as entered:
        yield entered


async def run(memory: Memory, command: str, **split: Any) -> ToolResult:
    return await memory.call_tool(ToolCall("memory", {"command": command, **split}), CONTEXT)


async def told(memory: Memory, command: str, **split: Any) -> Mapping[str, Any]:
    result = await run(memory, command, **split)
    assert not result.is_error, result.text
    return result.structured


async def refused(memory: Memory, command: str, **split: Any) -> str:
    result = await run(memory, command, **split)
    assert result.is_error, result.text
    assert result.text.startswith("ERR:")
    return result.text


@pytest.mark.parametrize(
    ("command", "value"),
    [
        ("P k v", "v"),
        ("p k v", "v"),
        ("PUT k v", "v"),
        ("put k v", "v"),
        ("  P   k \t v  \n", "v"),
        ("P k two words", "two words"),
        ("P k  two   words  ", "two   words"),
        ("P k two words 60", "two words 60"),
        ("P k line one\nline two", "line one\nline two"),
        ('P k ""', ""),
        ('P k "two words"', "two words"),
        ('P k "two words" 60', "two words"),
        (r'P k "a \"quote\" and \\ and \n"', 'a "quote" and \\ and \n'),
        ('P k "a real\nline end"', "a real\nline end"),
        ("P k she said \"hi\" and 'bye'", "she said \"hi\" and 'bye'"),
        ("P k 'single quotes'", "'single quotes'"),
        ('P k {"a": [1, 2]}', '{"a": [1, 2]}'),
        ("P k v 60", "v"),
        ("P k v 0.5", "v"),
        ("P k 5", "5"),
        ("P k 5 60", "5"),
        ("P k v 60s", "v 60s"),
        ('P "k" v', "v"),
        ("P k META", "META"),
        ("P k ünïcödé 中文 \U0001f600", "ünïcödé 中文 \U0001f600"),
    ],
)
async def test_a_value_is_taken_as_it_was_meant(memory: Memory, command: str, value: str) -> None:
    await told(memory, command)
    assert await told(memory, "G k") == {"value": value}


async def test_a_lease_is_told_and_renewed_by_a_rewrite(memory: Memory) -> None:
    await told(memory, "P k v 60")
    found = await told(memory, "G k META")
    assert 59 < found["expires_in"] <= 60
    assert found["added_utc"].endswith("Z")
    await told(memory, "P k v 600")
    again = await told(memory, "get k meta")
    assert again["expires_in"] > 599
    assert again["version"] > found["version"]
    await told(memory, "P k v")
    assert (await told(memory, "G k META"))["expires_in"] is None


async def test_what_is_not_there_is_an_error_that_says_so(memory: Memory) -> None:
    assert await refused(memory, "G k") == "ERR:NOT_FOUND: nothing is at 'k'; L lists the keys."
    assert (await refused(memory, "D k")).startswith("ERR:NOT_FOUND")


async def test_keys_are_listed_by_prefix_and_in_pages(memory: Memory) -> None:
    for number in range(250):
        await memory.put(f"task:{number:03}", "x")
    await memory.put("other", "y")
    assert await told(memory, "L o*") == {"keys": ["other"]}
    seen, page = list[str](), await told(memory, "L task:*")
    while "next" in page:
        seen += page["keys"]
        page = await told(memory, f"L task:* AFTER {page['next']}")
    assert seen + page["keys"] == [f"task:{number:03}" for number in range(250)]
    (listed,) = (await told(memory, "L o* META"))["keys"]
    assert (listed["key"], listed["bytes"], listed["expires_in"]) == ("other", 1, None)
    assert len((await told(memory, "L"))["keys"]) == 100


async def test_clear_takes_all_or_a_prefix(memory: Memory) -> None:
    for key in ("a1", "a2", "b"):
        await memory.put(key, "x")
    assert await told(memory, "C a*") == {"status": "OK", "removed": 2}
    assert await told(memory, "C") == {"status": "OK", "removed": 1}
    assert await told(memory, "L") == {"keys": []}


async def test_totals_are_in_bytes(memory: Memory) -> None:
    await memory.put("kä", "v" * 10)
    assert await told(memory, "T K") == {"keys_bytes": 3}
    assert await told(memory, "t v") == {"values_bytes": 10}
    assert await told(memory, "TOTAL a") == {"total_bytes": 13}


async def test_one_owner_wins_and_finishes(memory: Memory) -> None:
    won = await told(memory, "CLAIM task ann 60")
    assert await told(memory, "G task") == {"value": "ann", "claimed": True}
    assert "'ann' holds 'task' for 60 s more" in await refused(memory, "CLAIM task bob 60")
    assert (await told(memory, "CLAIM task ann 60"))["version"] == won["version"]
    assert (await told(memory, "RENEW task ann 90"))["version"] == won["version"]
    assert "ERR:NOT_HOLDER" in await refused(memory, "RENEW task bob 90")
    assert "ERR:NOT_HOLDER" in await refused(memory, "RELEASE task bob")
    await told(memory, f"CAS task {won['version']} all done")
    assert await told(memory, "G task") == {"value": "all done"}
    assert "ERR:CLAIMED: 'task' holds a value" in await refused(memory, "CLAIM task ann 60")
    assert "ERR:NOT_HOLDER" in await refused(memory, "RELEASE task ann")


async def test_a_value_is_never_taken_for_a_claim(memory: Memory) -> None:
    for value in ("ann", "\0@ann", "\0", "\0\0@ann", "@ann"):
        await memory.put("k", value)
        found = await memory.get("k")
        assert found is not None
        assert (found.value, found.is_claim) == (value, False)
        assert not (await memory.claim("k", "ann", 60)).is_won
        assert not await memory.release("k", "ann")


async def test_who_comes_late_is_refused_by_the_fencing_number(memory: Memory) -> None:
    """C2: a worker that slept past its lease cannot write any more."""
    late = await memory.claim("task", "ann", 0.02)
    await anyio.sleep(0.02)  # the lease ends without an event
    now = await memory.claim("task", "bob", 60)
    assert now.is_won
    assert now.version > late.version
    assert "ERR:CONFLICT" in await refused(memory, f"CAS task {late.version} ann's result")
    assert await memory.renew("task", "ann", 60) is None
    assert await memory.compare_and_set("task", "bob's", expected=now.version)
    assert await told(memory, "G task") == {"value": "bob's"}


async def test_a_released_claim_is_free(memory: Memory) -> None:
    first = await memory.claim("task", "ann", 60)
    assert await told(memory, "RELEASE task ann") == {"status": "OK"}
    second = await memory.claim("task", "bob", 60)
    assert second.is_won
    assert second.version > first.version


async def test_one_of_many_wins(memory: Memory) -> None:
    won: list[str] = []

    async def race(owner: str) -> None:
        if (await memory.claim("task", owner, 60)).is_won:
            won.append(owner)

    async with anyio.create_task_group() as tasks:
        for number in range(64):
            tasks.start_soon(race, f"agent {number}")
    assert len(won) == 1


async def test_the_split_form_takes_everything_as_it_is(memory: Memory) -> None:
    key, value = ' "my" key META *', ' "quoted 60'
    await told(memory, "P", key=key, value=value, ttl=60)
    assert await told(memory, "get", key=key) == {"value": value}
    assert (await told(memory, "G META", key=key))["expires_in"] > 50
    assert await told(memory, "L", key=' "my"*') == {"keys": [key]}
    claim = await told(memory, "CLAIM", key="t", owner="two words", ttl=5)
    await told(memory, "RENEW", key="t", owner="two words", ttl=9)
    await told(memory, "CAS", key="t", expected=claim["version"], value="done")
    await told(memory, "D", key="t")
    assert await told(memory, "C", key="*") == {"status": "OK", "removed": 1}
    await told(memory, "CAS", key="new", expected=0, value="", ttl=60)
    assert await told(memory, "G", key="new") == {"value": ""}


async def test_namespaces_share_a_store_and_nothing_else() -> None:
    store = MemoryStore()
    async with Memory(store, namespace="a") as one, Memory(store, namespace="a.b") as other:
        await one.put("k", "1")
        await other.put("k", "2")
        await other.put("l", "3")
        assert await told(one, "L") == {"keys": ["k"]}
        assert await told(one, "T A") == {"total_bytes": 2}
        assert await one.claim("l", "ann", 60)
        assert await told(other, "G l") == {"value": "3"}
        await told(one, "C")
        assert await told(other, "L") == {"keys": ["k", "l"]}
        for key in ("../a.b/k", "/a.b/k", "a.b/k"):
            await one.put(key, "x")
        assert await told(other, "T A") == {"total_bytes": 4}


async def test_memories_on_one_file_come_and_go(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    async with Memory(store, namespace="a") as one:
        async with Memory(store, namespace="b") as other:
            await other.put("k", "v")
        await one.put("k", "w")
    async with Memory(SqliteStore(tmp_path / "store.db"), namespace="b") as again:
        assert await told(again, "G k") == {"value": "v"}


async def test_a_memory_that_was_not_entered_says_so(tmp_path: Path) -> None:
    said = await refused(Memory(SqliteStore(tmp_path / "store.db")), "G k")
    assert "enter it" in said


@pytest.mark.parametrize("namespace", ["", "a/b", "a b", "ä", "x" * 65, "a\n"])
def test_a_namespace_that_cannot_be_is_refused(namespace: str) -> None:
    with pytest.raises(ConfigError, match="namespace"):
        Memory(namespace=namespace)
