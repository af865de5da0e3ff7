"""Runs of which several processes know."""

import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from anyio.to_thread import run_sync
from tests.orchestration.durable.crashes import ROOT
from tests.orchestration.durable.gated import TASK, team_of

from toolyard.core.errors import RunCancelled, RunPaused, RunTaken
from toolyard.orchestration.workflow_result import WorkflowResult
from toolyard.storage.journal.journal import StepState
from toolyard.storage.journal.sqlite_journal import SqliteJournal

pytestmark = pytest.mark.anyio


class Elsewhere:
    """The run as another process executes it."""

    def __init__(self, files: Path, process: "subprocess.Popen[str]") -> None:
        self.journal = SqliteJournal(files / "runs.db")
        self.files = files
        self._process = process

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def open(self, *gates: str) -> None:
        """Let calls end."""
        for gate in gates:
            (self.files / gate).touch()

    async def until(self, name: str, state: StepState, count: int = 1) -> None:
        """Wait until so many steps of that name are in that state."""
        while await self._count(name, state) < count:  # noqa: ASYNC110 - another process
            await anyio.sleep(0.02)

    async def _count(self, name: str, state: StepState) -> int:
        if not await self.journal.runs():
            return 0
        steps = await self.journal.steps("r")
        return sum(each.name == name and each.state == state for each in steps)

    async def ended(self) -> tuple[str, str]:
        """How it ended, and which tasks were left."""
        said, _ = await run_sync(self._process.communicate, None, 10)
        how, left = said.splitlines()
        return how, left

    async def run(self) -> WorkflowResult[object]:
        """Execute it here."""
        team, ann = team_of(self.files)
        async with ann:
            return await team.run(TASK, durable=self.journal, run_id="r")

    @property
    def paid(self) -> int:
        """How often the tool was run."""
        lines = map(json.loads, (self.files / "audit").read_text().splitlines())
        return sum(each[0] == "pay" for each in lines)


@contextmanager
def started(files: Path) -> Generator[Elsewhere]:
    """The run in a process that ends with the block."""
    program = [sys.executable, "-m", "tests.orchestration.durable.gated"]
    with subprocess.Popen(
        [*program, str(files / "runs.db"), str(files)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Elsewhere(files, process)
        finally:
            process.kill()


@pytest.fixture
async def elsewhere(tmp_path: Path) -> AsyncGenerator[Elsewhere]:
    with anyio.fail_after(40), started(tmp_path) as run:
        async with run.journal:
            yield run


async def whole(files: Path) -> WorkflowResult[object]:
    """The result if nothing interrupts it."""
    files.mkdir()  # noqa: ASYNC240 - of a test
    for gate in ("Ann", "Bob", "Cy", "pay"):
        (files / gate).touch()
    team, ann = team_of(files)
    async with ann:
        return await team.run(TASK)


def same(one: WorkflowResult[object], other: WorkflowResult[object]) -> bool:
    facts = [
        (each.text, each.output, each.ended, each.rounds, each.usage, [s.text for s in each.steps])
        for each in (one, other)
    ]
    return facts[0] == facts[1]


async def test_a_run_that_somebody_executes_is_taken_until_it_is_killed(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    await elsewhere.until("model", "intent", 3)
    with pytest.raises(RunTaken, match="executed by somebody else"):
        await elsewhere.run()

    elsewhere.kill()
    elsewhere.open("Ann", "Bob", "Cy", "pay")

    assert same(await elsewhere.run(), await whole(tmp_path / "whole"))


async def test_a_run_that_is_paused_ends_its_calls_and_goes_on_later(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    elsewhere.open("Ann")
    await elsewhere.until("pay", "intent")
    await elsewhere.journal.pause("r")
    elsewhere.open("Bob", "Cy")  # who find out, while Ann still pays
    await elsewhere.until("model", "done", 3)
    elsewhere.open("pay")

    assert await elsewhere.ended() == (RunPaused.__name__, "[]")

    assert not [each for each in await elsewhere.journal.steps("r") if each.state == "intent"]
    with pytest.raises(RunPaused):
        await elsewhere.run()
    await elsewhere.journal.resume("r")
    assert same(await elsewhere.run(), await whole(tmp_path / "whole"))
    assert elsewhere.paid == 2  # once in each round
    assert not any(each.is_flagged for each in await elsewhere.journal.steps("r"))


async def test_a_run_that_is_cancelled_ends_at_once_for_good(elsewhere: Elsewhere) -> None:
    elsewhere.open("Ann")
    await elsewhere.until("pay", "intent")
    await elsewhere.journal.cancel("r")  # while all are at work

    assert await elsewhere.ended() == (RunCancelled.__name__, "[]")

    with pytest.raises(RunCancelled):
        await elsewhere.run()
