"""What the command line asks of a journal: which runs there are, and what is to become of them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, cast, get_args

from toolyard.core.errors import ConfigError, UnknownName
from toolyard.orchestration.run_json import read_task
from toolyard.orchestration.texts.said import text_of
from toolyard.storage.journal.journal import DurableJournal, RunRecord, RunState, StepRecord
from toolyard.storage.journal.opening import journal_at

__all__ = ["RunRecord", "StepRecord"]
STATES: Sequence[RunState] = get_args(RunState)
SQLITE = "sqlite:"

CHANGES: Mapping[str, Callable[[DurableJournal, str], Awaitable[None]]] = {
    "pause": lambda journal, run_id: journal.pause(run_id),
    "resume": lambda journal, run_id: journal.resume(run_id),
    "cancel": lambda journal, run_id: journal.cancel(run_id),
}
"""What can be done with a run that is still there afterwards."""


def there(place: str) -> str:
    """`place`, of a store or a journal; `ConfigError` if it is a file that is not there.

    To open one would make it, where there is but a letter wrong.
    """
    path = Path(place.removeprefix(SQLITE))
    if place.startswith(SQLITE) and not path.is_file():
        raise ConfigError(f"There is no file {path.name}.")
    return place


@asynccontextmanager
async def journal_in(place: str) -> AsyncGenerator[DurableJournal]:
    """The journal there; `ConfigError` if there is none."""
    async with journal_at(there(place)) as journal:
        yield journal


async def listed(place: str, state: str | None, last: int) -> Sequence[RunRecord]:
    """The newest runs, at most `last`; `ConfigError` if there is no such state."""
    if state is not None and state not in STATES:
        raise ConfigError(f"There is no state {state!r}; take {', '.join(STATES)}.")
    async with journal_in(place) as journal:
        return await journal.runs(cast("RunState | None", state), limit=last)


async def shown(place: str, run_id: str) -> tuple[RunRecord, Sequence[StepRecord]]:
    """A run and its steps."""
    async with journal_in(place) as journal:
        return await journal.run(run_id), await journal.steps(run_id)


async def step_of(place: str, run_id: str, seq: int) -> StepRecord:
    """One step of a run; `UnknownName` if there is none."""
    async with journal_in(place) as journal:
        return await _step(journal, run_id, seq)


async def changed(place: str, run_id: str, change: str) -> RunRecord:
    """How a run is after one of `CHANGES`; `JournalError` if it cannot be made."""
    async with journal_in(place) as journal:
        await CHANGES[change](journal, run_id)
        return await journal.run(run_id)


async def forked(place: str, run_id: str, before: int, new_run_id: str | None) -> RunRecord:
    """A new run, as `DurableJournal.fork` makes it; its id is made up if not given."""
    new = new_run_id or token_hex(8)
    async with journal_in(place) as journal:
        await journal.fork(run_id, before, new)
        return await journal.run(new)


async def answered(place: str, run_id: str, seq: int, value: Any) -> RunRecord:
    """How a run is after a person's answer to one of its steps.

    Raises:
        UnknownName: There is no such step.
        JournalError: It asks nobody anything, or not any more.
    """
    async with journal_in(place) as journal:
        step = await _step(journal, run_id, seq)
        await journal.answer(run_id, step.path, step.name, step.n, value)
        return await journal.run(run_id)


async def deleted(place: str, run_id: str) -> None:
    """Forget a run; `RunTaken` while it is executed."""
    async with journal_in(place) as journal:
        await journal.delete(run_id)


async def exported(place: str, run_id: str, path: Path) -> None:
    """Write a run to a file."""
    async with journal_in(place) as journal:
        await journal.export(run_id, path)


def task_of(record: RunRecord) -> str:
    """What a run is to do, for people."""
    try:
        return text_of(read_task(record.task))
    except (AttributeError, KeyError, TypeError, ValueError):  # one of something else than a team
        return json.dumps(record.task, ensure_ascii=False)


async def _step(journal: DurableJournal, run_id: str, seq: int) -> StepRecord:
    steps = await journal.steps(run_id)
    found = next((each for each in steps if each.seq == seq), None)
    if found is None:
        raise UnknownName("step", str(seq))
    return found
