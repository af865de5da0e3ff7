"""A run in a file: it is replayed without anything being done."""

from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.storage.journal.doing import Work

from toolyard.core.errors import (
    JournalError,
    ModelUnreachable,
    RunDiverged,
    StoreError,
    UnknownName,
)
from toolyard.storage.journal.journal import DurableJournal, Journal
from toolyard.storage.journal.recorded_journal import RecordedJournal
from toolyard.storage.journal.steps import Steps


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.jsonl"


def write(file: Path, text: str) -> None:
    file.write_text(text)


def mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


async def play(journal: Journal, work: Work, result: Any = "so", given: Any = None) -> None:
    """A run of two steps, of which the second fails."""
    async with journal.open("r", "demo", {"a": 1}) as run:
        steps = Steps(run).child("x/y")
        assert await work.step(steps, "a", {"é": ["\x00"]}, given=given) == {"é": ["\x00"]}
        with pytest.raises(ModelUnreachable, match=r"down\."):
            await work.step(steps, "b", ModelUnreachable("It is down."))
        await run.complete(result)


async def test_a_run_is_replayed_from_a_file(journal: DurableJournal, file: Path) -> None:
    work = Work()
    await play(journal, work)
    await journal.export("r", file)
    assert mode(file) == 0o600
    async with RecordedJournal(file) as recorded:
        for _ in range(2):
            await play(recorded, work)
        assert await recorded.run("r") == await journal.run("r")
        assert await recorded.steps("r") == await journal.steps("r")
        assert [each.run_id for each in await recorded.runs("complete")] == ["r"]
        assert await recorded.runs("failed") == []
        with pytest.raises(RunDiverged, match="another result"):
            await play(recorded, work, "other")
        with pytest.raises(RunDiverged, match="another input"):
            await play(recorded, work, given=1)
        with pytest.raises(UnknownName):
            recorded.open("other", "demo", None)
        with pytest.raises(RunDiverged, match="another name or task"):
            recorded.open("r", "demo", None)
        async with recorded.open("r", "demo", {"a": 1}) as run:
            with pytest.raises(RunDiverged, match="without an end of the step new#0"):
                await work.step(Steps(run), "new", 1)
    assert work.done == {"x/y/a": 1, "x/y/b": 1}


async def test_an_answer_of_a_person_is_replayed(journal: DurableJournal, file: Path) -> None:
    async def answer() -> None:
        while not await journal.runs("waiting"):  # noqa: ASYNC110
            await anyio.sleep(0.01)
        await journal.answer("r", [], "ask", 0, "yes")

    async with journal.open("r", "demo", None) as run, anyio.create_task_group() as tasks:
        tasks.start_soon(answer)
        assert await Steps(run).ask_person("ask", "May I?") == "yes"
    await journal.export("r", file)
    async with RecordedJournal(file) as recorded, recorded.open("r", "demo", None) as run:
        assert await Steps(run).ask_person("ask", "May I?") == "yes"
        with pytest.raises(RunDiverged, match="not complete when recorded"):
            await run.complete(None)
    with pytest.raises(JournalError, match="not open"):
        recorded.open("r", "demo", None)


@pytest.mark.parametrize("text", ["", "{}", "[]", "no", '{"format": "toolyard.run/2"}', "[" * 9999])
async def test_a_file_of_something_else_is_refused(file: Path, text: str) -> None:
    write(file, text)
    with pytest.raises(StoreError, match="no recorded run"):
        async with RecordedJournal(file):
            pass


async def test_a_file_that_is_not_there_is_told(journal: DurableJournal, file: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read: No such file"):
        async with RecordedJournal(file):
            pass
    async with journal.open("r", "demo", None):
        pass
    with pytest.raises(StoreError, match="cannot be written to that file: No such file") as refused:
        await journal.export("r", file / "x")  # of a folder that is not there
    assert str(file.parent) not in str(refused.value)
