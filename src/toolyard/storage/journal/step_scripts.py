"""What is done to the steps of a run, each within one transaction."""

from __future__ import annotations

from typing import Literal, NamedTuple

from toolyard.core.errors import JournalError, RunDiverged
from toolyard.storage.journal.call import Call, diverged
from toolyard.storage.journal.journal import StepState
from toolyard.storage.journal.keys import StepKey
from toolyard.storage.journal.run_scripts import Hold, going_on, held
from toolyard.storage.journal.script import Query, Script

_WHERE = "WHERE run_id = ? AND path = ? AND name = ? AND n = ?"


class Found(NamedTuple):
    """What is to be done for a step: nothing more, or to do it, or to wait for an answer."""

    verdict: Literal["recall", "raise", "do", "doubt", "wait"]
    output: str | None = None
    """What is recalled or raised."""


def begin(now: float, hold: Hold, call: Call, *, repeatable: bool) -> Script[Found]:
    """Write down that a step is begun, unless it was done before."""
    is_over, state, output = yield from _looked_up(hold, call)
    match state:
        case "done":
            return Found("recall", output)
        case "failed" if output is not None:
            return Found("raise", output)
        case None:
            yield from _write_new(now, hold, call, "intent", is_over=is_over)
        case _:
            yield from held(now, hold)
            in_flight = state == "intent"
            does = repeatable or not in_flight
            yield Query(
                "UPDATE steps SET is_flagged = CASE ? WHEN 1 THEN 1 ELSE is_flagged END,"  # noqa: S608
                f" attempts = attempts + ?, state = 'intent' {_WHERE}",
                (int(in_flight), int(does), hold.run_id, *call.key),
            )
            return Found("do" if does else "doubt")
    return Found("do")


def finish(
    now: float, hold: Hold, key: StepKey, state: StepState, output: str | None
) -> Script[None]:
    """Write down what came of a step that was begun."""
    yield from held(now, hold)
    yield Query(
        f"UPDATE steps SET state = ?, output = ?, ended_at = ? {_WHERE}",  # noqa: S608
        (state, output, now, hold.run_id, *key),
    )


def forget_failures(now: float, hold: Hold, keys: list[StepKey]) -> Script[None]:
    """Have steps that failed be done again."""
    yield from held(now, hold)
    for key in keys:
        yield Query(
            f"UPDATE steps SET output = NULL {_WHERE} AND state = 'failed'",  # noqa: S608
            (hold.run_id, *key),
        )


def ask(now: float, hold: Hold, call: Call) -> Script[Found]:
    """Write down what a person is asked; what was answered, if it was."""
    is_over, state, output = yield from _looked_up(hold, call)
    if state == "done":
        return Found("recall", output)
    if state is None:
        yield from _write_new(now, hold, call, "waiting", is_over=is_over)
    else:
        yield from held(now, hold)
    yield Query(
        "UPDATE runs SET state = 'waiting' WHERE run_id = ? AND state = 'running'", (hold.run_id,)
    )
    return Found("wait")


def look(hold: Hold, key: StepKey) -> Script[Found]:
    """The answer to what was asked, if there is one."""
    yield from going_on(hold)
    rows = yield Query(
        f"SELECT output FROM steps {_WHERE} AND state = 'done'",  # noqa: S608
        (hold.run_id, *key),
    )
    return Found("recall", rows[0][0]) if rows else Found("wait")


def answer(now: float, run_id: str, key: StepKey, output: str) -> Script[None]:
    """Write down the answer to what a run asks."""
    yield Query("UPDATE runs SET updated_at = ? WHERE run_id = ?", (now, run_id))
    rows = yield Query(
        f"UPDATE steps SET state = 'done', output = ?, ended_at = ? {_WHERE}"  # noqa: S608
        " AND state = 'waiting' RETURNING seq",
        (output, now, run_id, *key),
    )
    if not rows:
        raise JournalError(f"The run {run_id!r} asks nothing at {key} now; list its steps.")
    yield Query(
        "UPDATE runs SET state = 'running' WHERE run_id = ? AND state = 'waiting' AND NOT EXISTS"
        " (SELECT 1 FROM steps WHERE run_id = ? AND state = 'waiting')",
        (run_id, run_id),
    )


def _looked_up(hold: Hold, call: Call) -> Script[tuple[bool, StepState | None, str | None]]:
    """Whether the run is over, the state of the step if there is one, and what it gave."""
    is_over = yield from going_on(hold)
    rows = yield Query(
        f"SELECT state, input_hash, output FROM steps {_WHERE}",  # noqa: S608
        (hold.run_id, *call.key),
    )
    if not rows:
        return is_over, None, None
    state, digest, output = rows[0]
    if digest != call.input_hash:
        raise diverged(call.key)
    return is_over, state, output


def _write_new(
    now: float, hold: Hold, call: Call, state: StepState, *, is_over: bool
) -> Script[None]:
    if is_over:
        raise RunDiverged(
            f"The run has diverged: it was complete without the step {call.key}. "
            "Give it the same code, prompts and task."
        )
    yield from held(now, hold)
    key = call.key
    yield Query(
        "INSERT INTO steps(run_id, path, name, n, kind, input_hash, input, state, attempts,"
        " is_flagged, begun_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, 0, ?)",
        (hold.run_id, *key, call.kind, call.input_hash, call.input, state, now),
    )
