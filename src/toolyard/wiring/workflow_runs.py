"""Runs of a user's own workflows from the command line, kept in a journal or not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from toolyard.core.context import Event
from toolyard.events.console_sink import ConsoleSink
from toolyard.orchestration.run_json import read_task, written, written_result
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.storage.journal.journal import Journal
from toolyard.storage.journal.recorded_journal import RecordedJournal
from toolyard.wiring.runs import journal_in
from toolyard.wiring.workflow_file import Opening

__all__ = ["ConsoleSink", "Opening", "WorkflowResult"]
Hear = Callable[[Event], None]
"""Is told of all that a team and its agents do, at once: it must be quick."""


async def run(
    opening: Opening, task: str, hear: Hear, *, durable: str | None, run_id: str
) -> WorkflowResult[Any]:
    """Have a workflow do a task, in a journal if one is named; a run that is there goes on.

    Raises:
        ToolyardError: As `Workflow.run`, or an agent cannot be made ready for work.
    """
    async with opening() as workflow:
        return await _heard(workflow.stream(task, durable=durable, run_id=run_id), hear)


async def resume(opening: Opening, place: str, run_id: str, hear: Hear) -> WorkflowResult[Any]:
    """Go on with a run, also one that is paused, with the task that it was begun with.

    Raises:
        ToolyardError: As `run`, or there is no such run.
    """
    async with journal_in(place) as journal:
        if (await journal.run(run_id)).state == "paused":
            await journal.resume(run_id)
        return await _gone_through(opening, journal, run_id, hear)


async def replay(opening: Opening, path: Path, hear: Hear) -> WorkflowResult[Any]:
    """Go through the run in a file again; no model, tool or person is asked.

    Raises:
        RunDiverged: The workflow asks for something else than was recorded, or comes to another
            result.
        StoreError: There is no such file, or no run in it.
    """
    async with RecordedJournal(path) as journal:
        [record] = await journal.runs()
        return await _gone_through(opening, journal, record.run_id, hear)


async def _gone_through(
    opening: Opening, journal: Journal, run_id: str, hear: Hear
) -> WorkflowResult[Any]:
    task = read_task((await journal.run(run_id)).task)
    async with opening() as workflow:
        return await _heard(workflow.stream(*task, durable=journal, run_id=run_id), hear)


async def _heard(
    stream: AsyncGenerator[Event | WorkflowResult[Any], None], hear: Hear
) -> WorkflowResult[Any]:
    async with aclosing(stream) as pieces:
        async for each in pieces:
            if isinstance(each, WorkflowResult):
                return each
            hear(each)
    raise AssertionError("a stream ends with its result, or an error")


def whole(result: WorkflowResult[Any]) -> Mapping[str, Any]:
    """A result for a script, with the steps that led to it."""
    return {
        **written_result(result),
        "ended": result.ended,
        "rounds": result.rounds,
        "score": result.score,
        "metadata": written(result.metadata),
        "steps": [_step(each) for each in result.steps],
    }


def _step(step: Step) -> Mapping[str, Any]:
    return {
        "id": step.id,
        "member": step.member_id,
        "round": step.round,
        "task_id": step.task_id,
        "text": step.text,
        "error": step.error,
        "counts": step.counts,
        "usage": asdict(step.usage),
        "cost_usd": None if step.cost_usd is None else str(step.cost_usd),
        "duration_s": step.duration_s,
    }
