"""A ledger: what was acknowledged stays, and whatever is changed is found."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.process import ROOT

from toolyard.core.errors import StoreError, StoreFull, StoreUnavailable, StoreUnusable
from toolyard.storage.ledger import Ledger
from toolyard.storage.ledger_check import LedgerHead, check, records_in
from toolyard.storage.ledger_record import FIRST, BadRecord, read_record, record_of

ENTRIES = [{"text": "one"}, {"text": "zwei ü", "refs": [0]}, {}, {"n": 1.5, "none": None}]


async def filled(path: Path, count: int = len(ENTRIES)) -> LedgerHead:
    async with Ledger(path) as ledger:
        for number in range(count):
            await ledger.append(ENTRIES[number % len(ENTRIES)])
        return ledger.head


async def test_entries_come_back_in_order_each_chained_to_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "a" / "ledger.jsonl"
    head = await filled(path)
    records = list(records_in(path))
    assert [record.entry for record in records] == ENTRIES
    assert [record.index for record in records] == [0, 1, 2, 3]
    assert [record.previous for record in records] == [FIRST, *(r.hash for r in records[:-1])]
    assert head == LedgerHead(4, records[-1].hash)
    verdict = check(path, head)
    assert (verdict.head, verdict.bad, verdict.torn_bytes) == (head, None, 0)


async def test_it_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    before = await filled(path)
    async with Ledger(path) as ledger:
        assert ledger.head == before
        record = await ledger.append({"text": "more"})
    assert (record.index, record.previous) == (4, before.hash)
    assert check(path, before).bad is None


def test_no_ledger_is_an_empty_one(tmp_path: Path) -> None:
    assert check(tmp_path / "none.jsonl").head == LedgerHead(0, FIRST)
    assert list(records_in(tmp_path / "none.jsonl")) == []


async def test_it_has_one_writer(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    async with Ledger(path):
        with pytest.raises(StoreUnavailable, match="one writer"):
            async with Ledger(path):
                pass
    await filled(path)


async def test_an_entering_that_is_cancelled_leaves_it_to_others(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    for _ in range(50):
        with anyio.CancelScope() as scope:
            scope.cancel()
            async with Ledger(path):
                pass
    await filled(path)


async def test_what_is_no_file_is_no_ledger(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(StoreUnusable, match="cannot be opened"):
            async with Ledger(path):
                pass


async def test_many_may_append_at_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    async with Ledger(path) as ledger, anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(ledger.append, {"number": number})
    assert check(path).head.records == 50


async def test_every_changed_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    head = await filled(path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << (place % 8)
        path.write_bytes(changed)
        verdict = check(path, head)
        assert verdict.bad is not None, place
        assert verdict.head.records <= whole[:place].count(b"\n")


async def test_lines_that_were_removed_swapped_or_put_in_are_found(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    head = await filled(path)
    lines = path.read_bytes().splitlines(keepends=True)
    for at in range(len(lines)):
        others = [
            [*lines[:at], *lines[at + 1 :]],
            [*lines[:at], lines[at], *lines[at:]],
            [*lines[:at], b"\n", *lines[at:]],
            [*lines[:at], lines[-1], *lines[at:]],
            [lines[at], *lines[:at], *lines[at + 1 :]],
        ]
        for changed in others:
            if changed != lines:
                path.write_bytes(b"".join(changed))
                assert check(path, head).bad is not None


async def test_a_tail_that_was_cut_off_is_found_by_an_anchor(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    head = await filled(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]))
    assert check(path).bad is None
    assert check(path, head).bad == "Record 2 is missing: there were 4 at least."


async def test_so_is_one_that_was_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    head = await filled(path)
    path.unlink()
    async with Ledger(path) as ledger:
        for _ in range(6):
            await ledger.append({"text": "forged"})
    assert "Record 3 is another one" in (check(path, head).bad or "")


async def test_a_torn_end_is_cut_off_and_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    await filled(path)
    whole = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == ord("\n")]
    for size in range(0, len(whole), 3):
        path.write_bytes(whole[:size])
        kept = sum(end <= size for end in ends)
        torn = size - max([0, *(end for end in ends if end <= size)])
        assert (check(path).head.records, check(path).torn_bytes) == (kept, torn)
        assert len(list(records_in(path))) == kept
        async with Ledger(path) as ledger:
            assert (ledger.head.records, ledger.torn_bytes) == (kept, torn)
            await ledger.append({"text": "on"})
        verdict = check(path)
        assert (verdict.head.records, verdict.bad, verdict.torn_bytes) == (kept + 1, None, 0)


@pytest.mark.parametrize("text", [b"hello\n", b"{}\n", b"x" * 3_000_000, b"\n"])
async def test_what_is_no_ledger_is_not_written_to(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(text)
    with pytest.raises(StoreUnusable):
        async with Ledger(path):
            pass
    assert path.read_bytes() == text
    with pytest.raises(StoreUnusable, match="Record 0"):
        list(records_in(path))
    assert check(path).bad is not None


async def test_what_is_no_entry(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    async with Ledger(path) as ledger:
        for entry in ({"x": float("nan")}, {"x": object()}, {"x": "y" * 1_100_000}):
            with pytest.raises(StoreError):
                await ledger.append(entry)
        await ledger.append({})
    assert check(path).head.records == 1


async def test_a_ledger_that_is_not_open(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    with pytest.raises(StoreUnavailable):
        await ledger.append({})
    async with ledger:
        pass
    with pytest.raises(StoreUnavailable):
        await ledger.append({})


async def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    async with Ledger(path) as ledger:
        await ledger.append({"text": "kept"})
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, hard))
        try:
            with pytest.raises(StoreFull):
                await ledger.append({"text": "x" * 200})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, ignored)
        await ledger.append({"text": "on"})
    assert [record.entry["text"] for record in records_in(path)] == ["kept", "on"]


def kill_and_look(path: Path, dice: random.Random) -> int:
    """Kill a writer in the middle; how many entries it had acknowledged, all of them there."""
    command = [sys.executable, "-m", "tests.storage.ledger_writer", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(dice.randrange(1, 40))]
        os.kill(writer.pid, signal.SIGKILL)
        said += writer.stdout.readlines()
    acknowledged = [line.split() for line in said if line.endswith("\n")]
    index, digest = acknowledged[-1]
    verdict = check(path, LedgerHead(int(index) + 1, digest))
    assert verdict.bad is None, verdict
    return len(acknowledged)


def test_no_acknowledged_entry_is_lost_by_a_kill(tmp_path: Path) -> None:
    dice, path = random.Random(7), tmp_path / "ledger.jsonl"
    acknowledged = sum(kill_and_look(path, dice) for _ in range(8))
    assert check(path).head.records >= acknowledged


def test_checking_takes_the_memory_of_a_record(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    previous = FIRST
    with path.open("wb") as file:
        for index in range(4_000):
            record = record_of(index, previous, {"text": "x" * 100})
            previous = record.hash
            file.write(record.line)
    tracemalloc.start()
    try:
        assert check(path).head == LedgerHead(4_000, previous)
        assert sum(1 for _ in records_in(path)) == 4_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 500_000


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(max_examples=40)
@given(st.dictionaries(st.text(), JSON))
def test_any_json_object_comes_back_as_it_was(entry: dict[str, object]) -> None:
    record = record_of(3, FIRST, entry)
    assert read_record(record.line) == record
    assert json.loads(record.line)["entry"] == entry


@given(st.binary(max_size=200))
def test_no_bytes_at_all_are_taken_for_a_record(line: bytes) -> None:
    with pytest.raises(BadRecord):
        read_record(line)
