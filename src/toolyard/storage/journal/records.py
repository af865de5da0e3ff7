"""Rows of a journal as records."""

from __future__ import annotations

import json
from typing import Any

from toolyard.storage.journal.journal import RunRecord, StepRecord
from toolyard.storage.journal.keys import name_of, path_of


def run_record(row: tuple[Any, ...]) -> RunRecord:
    """The run in a row of `RUN_COLUMNS`."""
    run_id, name, task, state, owner, fence, until, parent, step, result, error, new, old = row
    return RunRecord(
        run_id=run_id,
        name=name_of(name),
        task=json.loads(task),
        state=state,
        owner=owner,
        fence=fence,
        lease_until=until,
        forked_from=parent,
        forked_at_step=step,
        result=_read(result),
        error=_read(error),
        created_at=new,
        updated_at=old,
    )


def step_record(row: tuple[Any, ...]) -> StepRecord:
    """The step in a row of `STEP_COLUMNS`."""
    seq, path, name, n, kind, digest, given, state, output, tries, flagged, begun, ended = row
    return StepRecord(
        seq=seq,
        path=path_of(path),
        name=name_of(name),
        n=n,
        kind=kind,
        input_hash=digest,
        input=json.loads(given),
        state=state,
        output=_read(output),
        attempts=tries,
        is_flagged=bool(flagged),
        begun_at=begun,
        ended_at=ended,
    )


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)
