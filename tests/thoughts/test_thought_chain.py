"""A chain of thoughts: added to, asked, taken up again and verified."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from toolyard.core.errors import ConfigError, StoreError, StoreUnavailable, StoreUnusable
from toolyard.storage.ledger import Ledger
from toolyard.storage.ledger_signature import new_keys
from toolyard.storage.signed_head import SignedHead
from toolyard.thoughts.thought import KINDS, Thought
from toolyard.thoughts.thought_chain import ThoughtChain


async def filled(path: Path) -> list[Thought]:
    async with ThoughtChain(path) as chain:
        return [
            await chain.append("mai", "finding", "The yard is full"),
            await chain.append("yui", "question", "Which train goes first?"),
            await chain.append("mai", "decision", "The red train goes first", refs=[1, 0, 0]),
            await chain.append("mai", "checkpoint", "Nothing else"),
            await chain.append("yui", "task_complete", "The red train has left", refs=[2]),
        ]


async def test_thoughts_come_back(tmp_path: Path) -> None:
    path = tmp_path / "thoughts.jsonl"
    written = await filled(path)
    chain = ThoughtChain(path)
    assert await chain.find() == written
    assert written[2].refs == (0, 1)
    assert written[0].at.tzinfo == UTC
    assert abs(written[0].at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_they_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "thoughts.jsonl"
    written = await filled(path)
    chain = ThoughtChain(path)

    async def found(**asked: Any) -> list[int]:
        return [thought.index for thought in await chain.find(**asked)]

    assert await found(kind="decision") == [2]
    assert await found(agent_id="yui") == [1, 4]
    assert await found(text="RED train") == [2, 4]
    assert await found(text="train", agent_id="mai") == [2]
    assert await found(since=written[3].at) == [3, 4]
    assert await found(until=written[1].at) == [0]
    assert await found(last=2) == [3, 4]
    assert await found(last=0) == []


async def test_what_a_thought_builds_on(tmp_path: Path) -> None:
    path = tmp_path / "thoughts.jsonl"
    await filled(path)
    chain = ThoughtChain(path)
    assert [thought.index for thought in await chain.resolve(4)] == [0, 1, 2, 4]
    assert [thought.index for thought in await chain.resolve(3)] == [3]
    for index in (5, -1):
        with pytest.raises(StoreError, match=f"no thought #{index}"):
            await chain.resolve(index)


async def test_prompts_to_go_on_with(tmp_path: Path) -> None:
    path = tmp_path / "thoughts.jsonl"
    await filled(path)
    chain = ThoughtChain(path)
    assert await chain.bootstrap_prompt(2) == (
        "=== RESTORED CONTEXT ===\n"
        "[#0] finding (mai): The yard is full\n"
        "[#1] question (yui): Which train goes first?\n"
        "[#2] decision (mai): The red train goes first (from #0, #1)\n"
        "=== END OF RESTORED CONTEXT ==="
    )
    recent = await chain.catch_up_prompt(1)
    assert recent.splitlines()[1] == "[#4] task_complete (yui): The red train has left (from #2)"
    assert await ThoughtChain(tmp_path / "none.jsonl").catch_up_prompt(3) == ""


async def test_it_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "thoughts.jsonl"
    await filled(path)
    async with ThoughtChain(path) as chain:
        thought = await chain.append("mai", "handoff", "Over to yui", refs=[4])
        assert (thought.index, chain.head.records) == (5, 6)
        assert [each.index for each in await chain.find(kind="handoff")] == [5]


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind(tmp_path: Path, kind: Any) -> None:
    async with ThoughtChain(tmp_path / "thoughts.jsonl") as chain:
        assert (await chain.append("mai", kind, "Hm.")).kind == kind


async def test_what_cannot_be_thought(tmp_path: Path) -> None:
    async with ThoughtChain(tmp_path / "thoughts.jsonl") as chain:
        with pytest.raises(StoreError, match="no kind"):
            await chain.append("mai", cast("Any", "whim"), "Hm.")
        for ref in (0, -1, 7):
            with pytest.raises(StoreError, match=f"no thought #{ref}"):
                await chain.append("mai", "finding", "Hm.", refs=[ref])
        assert chain.head.records == 0


async def test_it_has_one_writer_and_any_readers(tmp_path: Path) -> None:
    path = tmp_path / "thoughts.jsonl"
    async with ThoughtChain(path) as chain:
        await chain.append("mai", "finding", "Hm.")
        with pytest.raises(StoreUnavailable):
            async with ThoughtChain(path):
                pass
        assert len(await ThoughtChain(path).find()) == 1


async def test_a_changed_thought_is_found(tmp_path: Path) -> None:
    path = tmp_path / "thoughts.jsonl"
    await filled(path)
    async with ThoughtChain(path) as chain:
        head = chain.head
    assert (await ThoughtChain(path).verify(head)).bad is None
    path.write_bytes(path.read_bytes().replace(b"red train goes", b"bad train goes"))
    verdict = await ThoughtChain(path).verify(head)
    assert (verdict.bad or "").startswith("Record 2 is bad")
    with pytest.raises(StoreUnusable, match="Record 2"):
        await ThoughtChain(path).find()


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"agent": "mai", "at": "then", "kind": "finding", "refs": [], "text": "x"},
        {"agent": "mai", "at": "2026-01-01T00:00:00+00:00", "kind": "whim", "refs": [], "text": ""},
        {
            "agent": "m",
            "at": "2026-01-01T00:00:00+00:00",
            "kind": "finding",
            "refs": [0],
            "text": "",
        },
        {"agent": "m", "at": "2026-01-01T00:00:00+00:00", "kind": "finding", "refs": 5, "text": ""},
    ],
)
async def test_a_ledger_of_other_things_is_no_chain(tmp_path: Path, entry: dict[str, Any]) -> None:
    path = tmp_path / "thoughts.jsonl"
    async with Ledger(path) as ledger:
        await ledger.append(entry)
    with pytest.raises(StoreUnusable, match="Record 0 is no thought"):
        await ThoughtChain(path).find()


async def test_a_signed_head_is_an_anchor(tmp_path: Path) -> None:
    path, key, public = tmp_path / "thoughts.jsonl", tmp_path / "key", tmp_path / "key.pub"
    await filled(path)
    new_keys(key, public)
    chain = ThoughtChain(path)
    signed = SignedHead.of((await chain.verify()).head, key)
    assert (await chain.verify(signed, public_key=public)).bad is None
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    verdict = await chain.verify(signed, public_key=public)
    assert verdict.bad == "Record 4 is missing: there were 5 at least."
    for anchor, key_file in [(signed, None), (signed.head, public), (None, public)]:
        with pytest.raises(ConfigError, match="belong together"):
            await chain.verify(anchor, public_key=key_file)
