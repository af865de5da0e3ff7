"""What is done to the runs of a journal, each within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from toolyard.core.errors import (
    JournalError,
    RunCancelled,
    RunDiverged,
    RunLost,
    RunPaused,
    RunTaken,
    UnknownName,
)
from toolyard.storage.journal.journal import RunRecord, RunState, StepRecord
from toolyard.storage.journal.records import run_record, step_record
from toolyard.storage.journal.schema import RUN_COLUMNS, STEP_COLUMNS
from toolyard.storage.journal.script import Query, Script

LIVE: Sequence[RunState] = ("running", "waiting", "paused")
_ONE_RUN = f"SELECT {RUN_COLUMNS} FROM runs WHERE run_id = ?"  # noqa: S608 - our own words


class Hold(NamedTuple):
    """By which an executor has a run: no other has the same fence."""

    run_id: str
    fence: int


class Start(NamedTuple):
    """What a run is begun with, as it is written."""

    run_id: str
    name: str
    task: str


def find_run(run_id: str) -> Script[RunRecord]:
    """The run."""
    rows = yield Query(_ONE_RUN, (run_id,))
    if not rows:
        raise UnknownName("run", run_id)
    return run_record(rows[0])


def list_runs(state: RunState | None, limit: int, after: str | None) -> Script[Sequence[RunRecord]]:
    """A page of runs, the newest first."""
    conditions, values = list[str](), list[Any]()
    if state is not None:
        conditions.append("state = ?")
        values.append(state)
    if after is not None:
        last = yield from find_run(after)
        conditions.append("(created_at, run_id) < (?, ?)")
        values += [last.created_at, last.run_id]
    only = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = yield Query(
        f"SELECT {RUN_COLUMNS} FROM runs{only} ORDER BY created_at DESC, run_id DESC LIMIT ?",  # noqa: S608
        (*values, limit),
    )
    return [run_record(row) for row in rows]


def find_whole(run_id: str) -> Script[tuple[RunRecord, Sequence[StepRecord]]]:
    """A run with all its steps."""
    run = yield from find_run(run_id)
    rows = yield Query(
        f"SELECT {STEP_COLUMNS} FROM steps WHERE run_id = ? ORDER BY seq",  # noqa: S608
        (run_id,),
    )
    return run, [step_record(row) for row in rows]


def take(
    now: float, start: Start, owner: str, lease_s: float, is_dead: Callable[[str], bool]
) -> Script[tuple[Hold, RunRecord]]:
    """Have `owner` execute a run, made where there is none; how it was."""
    yield Query(
        "INSERT INTO runs(run_id, name, task, state, fence, created_at, updated_at)"
        " VALUES (?, ?, ?, 'running', 0, ?, ?) ON CONFLICT DO NOTHING",
        (*start, now, now),
    )
    rows = yield Query(_ONE_RUN, (start.run_id,))
    if not rows:
        raise RunTaken(f"The run {start.run_id!r} was deleted just now; open it again.")
    record = run_record(rows[0])
    if (rows[0][1], rows[0][2]) != (start.name, start.task):
        raise RunDiverged(
            f"The run {start.run_id!r} was begun with another name or task: give it the same, or "
            "take another id for a new run."
        )
    refuse_stopped(start.run_id, record.state)
    if record.owner and (record.lease_until or 0) > now and not is_dead(record.owner):
        raise taken(record, now)
    taken_now = yield Query(
        "UPDATE runs SET owner = ?, fence = fence + 1, lease_until = ?, updated_at = ?,"
        " state = CASE state WHEN 'failed' THEN 'running' ELSE state END,"
        " error = NULL WHERE run_id = ? AND fence = ? RETURNING fence",
        (owner, now + lease_s, now, start.run_id, record.fence),
    )
    if not taken_now:
        raise RunTaken(f"Somebody else has just opened the run {start.run_id!r}; try again later.")
    return Hold(start.run_id, taken_now[0][0]), record


def taken(record: RunRecord, now: float) -> RunTaken:
    """The error for a run that somebody executes."""
    left = max(1, round((record.lease_until or now) - now))
    return RunTaken(
        f"The run {record.run_id!r} is executed by somebody else, who may be gone: it can be "
        f"taken over when the lease is not renewed, in {left} s at the earliest."
    )


def refuse_stopped(run_id: str, state: RunState) -> None:
    """Raise if somebody wants that the run does not go on."""
    if state == "paused":
        raise RunPaused(f"The run {run_id!r} is paused: resume it, and open it again.")
    if state == "cancelled":
        raise RunCancelled(f"The run {run_id!r} was cancelled: begin a new one, or fork it.")


def lost(run_id: str) -> RunLost:
    """The error of an executor that has a run no longer."""
    return RunLost(
        f"The run {run_id!r} is no longer executed here: the lease was over, or it was deleted. "
        "What was done since is not kept."
    )


def going_on(hold: Hold) -> Script[bool]:
    """Whether the run is complete; raises if it is another's, or somebody stopped it."""
    rows = yield Query("SELECT state FROM runs WHERE run_id = ? AND fence = ?", hold)
    if not rows:
        raise lost(hold.run_id)
    refuse_stopped(hold.run_id, rows[0][0])
    return rows[0][0] == "complete"


def held(now: float, hold: Hold) -> Script[RunState]:
    """The state of a run that is sure to be ours until the transaction ends."""
    rows = yield Query(
        "UPDATE runs SET updated_at = ? WHERE run_id = ? AND fence = ? RETURNING state",
        (now, *hold),
    )
    if not rows:
        raise lost(hold.run_id)
    return rows[0][0]


def renew(now: float, hold: Hold, lease_s: float) -> Script[None]:
    """Begin a new lease."""
    rows = yield Query(
        "UPDATE runs SET lease_until = ? WHERE run_id = ? AND fence = ? RETURNING run_id",
        (now + lease_s, *hold),
    )
    if not rows:
        raise lost(hold.run_id)


def give_back(now: float, hold: Hold, error: str | None) -> Script[None]:
    """Let others execute a run, which has failed if there is an `error`."""
    yield Query(
        "UPDATE runs SET owner = NULL, lease_until = NULL, updated_at = ?"
        " WHERE run_id = ? AND fence = ?",
        (now, *hold),
    )
    if error is not None:
        yield Query(
            "UPDATE runs SET state = 'failed', error = ?"
            " WHERE run_id = ? AND fence = ? AND state IN ('running', 'waiting')",
            (error, *hold),
        )


def complete(now: float, hold: Hold, result: str) -> Script[None]:
    """Keep what a run gave."""
    rows = yield Query(
        "SELECT result FROM runs WHERE run_id = ? AND state = 'complete'", (hold.run_id,)
    )
    if rows and rows[0][0] != result:
        raise RunDiverged(f"The run {hold.run_id!r} was complete before, with another result.")
    yield from held(now, hold)
    yield Query(
        "UPDATE runs SET state = 'complete', result = ? WHERE run_id = ?", (result, hold.run_id)
    )


def move(now: float, run_id: str, states: Sequence[RunState], to: RunState) -> Script[None]:
    """Have a run that is in one of `states` be in another."""
    marks = ", ".join("?" * len(states))
    rows = yield Query(
        "UPDATE runs SET state = ?, updated_at = ?"  # noqa: S608 - question marks
        f" WHERE run_id = ? AND state IN ({marks}) RETURNING run_id",
        (to, now, run_id, *states),
    )
    if not rows:
        record = yield from find_run(run_id)
        raise JournalError(f"The run {run_id!r} is {record.state}, so it cannot become {to}.")


def proceed(now: float, run_id: str) -> Script[None]:
    """Have a paused run go on, or wait for whom it asked."""
    yield from move(now, run_id, ["paused"], "running")
    yield Query(
        "UPDATE runs SET state = 'waiting' WHERE run_id = ? AND EXISTS"
        " (SELECT 1 FROM steps WHERE run_id = ? AND state = 'waiting')",
        (run_id, run_id),
    )


def fork(now: float, run_id: str, before: int, new_run_id: str) -> Script[None]:
    """Begin a run with what another had done before a step."""
    yield from find_run(run_id)
    if not (yield Query("SELECT 1 FROM steps WHERE run_id = ? AND seq = ?", (run_id, before))):
        raise UnknownName("step", str(before))
    rows = yield Query(
        "INSERT INTO runs(run_id, name, task, state, fence, forked_from, forked_at_step,"
        " created_at, updated_at) SELECT ?, name, task, 'running', 0, run_id,"
        " CAST(? AS BIGINT), CAST(? AS DOUBLE PRECISION), CAST(? AS DOUBLE PRECISION)"
        " FROM runs WHERE run_id = ? ON CONFLICT DO NOTHING RETURNING run_id",
        (new_run_id, before, now, now, run_id),
    )
    if not rows:
        raise JournalError(f"There is a run {new_run_id!r} already: choose another id.")
    # What was dealt with when it failed is part of how it went on; what was in flight is not.
    yield Query(
        "INSERT INTO steps(run_id, path, name, n, kind, input_hash, input, state, output,"
        " attempts, is_flagged, begun_at, ended_at) SELECT ?, path, name, n, kind, input_hash,"
        " input, state, output, attempts, is_flagged, begun_at, ended_at FROM steps"
        " WHERE run_id = ? AND seq < ?"
        " AND (state = 'done' OR (state = 'failed' AND output IS NOT NULL)) ORDER BY seq",
        (new_run_id, run_id, before),
    )


def delete(now: float, run_id: str, is_dead: Callable[[str], bool]) -> Script[None]:
    """Forget a run that nobody executes."""
    record = yield from find_run(run_id)
    if record.owner and (record.lease_until or 0) > now and not is_dead(record.owner):
        raise taken(record, now)
    rows = yield Query(
        "DELETE FROM runs WHERE run_id = ? AND fence = ? RETURNING run_id", (run_id, record.fence)
    )
    if not rows:
        raise RunTaken(f"Somebody has just opened the run {run_id!r}: it was not deleted.")
    yield Query("DELETE FROM steps WHERE run_id = ?", (run_id,))
