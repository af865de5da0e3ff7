"""Long chains, and writers that are killed again and again."""

import random
import tracemalloc
from pathlib import Path

import pytest
from tests.storage.test_ledger import kill_and_look

from toolyard import ThoughtChain
from toolyard.storage.ledger_check import check

pytestmark = pytest.mark.timeout(1800)

THOUGHTS = 100_000


def test_a_hundred_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    dice, path = random.Random(11), tmp_path / "ledger.jsonl"
    acknowledged = sum(kill_and_look(path, dice) for _ in range(100))
    print(f"{acknowledged} acknowledged, {check(path).head.records} there")
    assert check(path).head.records >= acknowledged


async def test_a_hundred_thousand_thoughts(tmp_path: Path) -> None:
    path = tmp_path / "thoughts.jsonl"
    tracemalloc.start()
    async with ThoughtChain(path) as chain:
        for number in range(THOUGHTS):
            refs = [number // 2] if number else []
            await chain.append("mai", "finding", f"Thought {number} of many", refs=refs)
        head = chain.head
    async with ThoughtChain(path) as chain:
        assert chain.head == head
        verdict = await chain.verify(head)
        assert (verdict.bad, verdict.head) == (None, head)
        assert [each.index for each in await chain.find(last=3)] == [99_997, 99_998, 99_999]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{most / 1e6:.1f} MB at most")
    assert most < 4_000_000
