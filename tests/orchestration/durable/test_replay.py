"""A run that was recorded is gone through again without a model, with the same bytes."""

from pathlib import Path

import pytest
from tests.orchestration.durable.crashing import shown
from tests.orchestration.durable.crew import Audit, Crew
from tests.orchestration.durable.teams import TASK, TEAMS, UNORDERED

from toolyard.core.context import Event
from toolyard.core.errors import RunDiverged
from toolyard.events.json_lines import JsonLines, event_line, events_in
from toolyard.events.orchestration_events import AgentResponded, RunCompleted
from toolyard.storage.journal.recorded_journal import RecordedJournal
from toolyard.storage.journal.sqlite_journal import SqliteJournal

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", TEAMS)
async def test_a_recorded_run_is_replayed_without_a_model(tmp_path: Path, name: str) -> None:
    recording, again, audit = (tmp_path / each for each in ("run.jsonl", "again.jsonl", "audit"))
    crew = Crew(Audit(audit))
    team = TEAMS[name](crew)
    async with crew, SqliteJournal(tmp_path / "runs.db") as journal:
        first = await team.run(TASK, durable=journal, run_id="r")
        await journal.export("r", recording)
    done = audit.read_bytes()

    async with crew, RecordedJournal(recording) as recorded:
        replayed = await team.run(TASK, durable=recorded, run_id="r")
        await recorded.export("r", again)

    is_ordered = name not in UNORDERED
    assert shown(replayed, is_ordered=is_ordered) == shown(first, is_ordered=is_ordered)
    assert again.read_bytes() == recording.read_bytes()
    assert audit.read_bytes() == done  # nobody was asked, and no tool was run


async def test_another_task_is_no_replay(tmp_path: Path) -> None:
    crew = Crew(Audit(tmp_path / "audit"))
    team = TEAMS["pipeline"](crew)
    async with crew, SqliteJournal(tmp_path / "runs.db") as journal:
        await team.run(TASK, durable=journal, run_id="r")
        await journal.export("r", tmp_path / "run.jsonl")
        async with RecordedJournal(tmp_path / "run.jsonl") as recorded:
            with pytest.raises(RunDiverged):
                await team.run("Build a tunnel.", durable=recorded, run_id="r")


async def test_the_events_of_a_run_are_read_and_written_again_as_they_were(tmp_path: Path) -> None:
    told = tmp_path / "events.jsonl"
    crew = Crew(Audit(tmp_path / "audit"))
    team = TEAMS["nested"](crew)
    async with crew, SqliteJournal(tmp_path / "runs.db") as journal:
        with JsonLines(told) as lines:
            async for each in team.stream(TASK, durable=journal, run_id="r"):
                if isinstance(each, Event):
                    lines(each)

    recorded = list(events_in(told))

    again = "".join(event_line(each.event, each.time) for each in recorded)
    assert again.encode() == told.read_bytes()
    kinds = [type(each.event) for each in recorded]
    assert kinds[-1] is RunCompleted
    assert kinds.count(AgentResponded) == 10
