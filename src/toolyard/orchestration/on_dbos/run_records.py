"""What DBOS knows of a run, in the words of a journal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from toolyard.core.errors import ConfigError
from toolyard.orchestration.on_dbos.endings import given_to
from toolyard.orchestration.on_dbos.failing import failure_of
from toolyard.storage.journal.journal import RunRecord, RunState

if TYPE_CHECKING:
    from dbos import WorkflowStatus

_STATES: dict[str, RunState] = {
    "SUCCESS": "complete",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "paused",
}
"""What is in none of these is `running`."""


def names_of(state: RunState | None) -> list[str] | None:
    """What DBOS calls a state.

    Raises:
        ConfigError: It knows none like it.
    """
    if state is None:
        return None
    if state == "running":
        return ["PENDING", "ENQUEUED", "DELAYED"]
    names = [name for name, each in _STATES.items() if each == state]
    if not names:
        raise ConfigError(f"DBOS tells no {state!r} runs apart: ask for those that are running.")
    return names


def record_of(status: WorkflowStatus) -> RunRecord:
    """A run; a cancelled one is `paused`, as it may be gone on with."""
    name, task = given_to(status)
    created = (status.created_at or 0) / 1000
    return RunRecord(
        run_id=status.workflow_id,
        name=name,
        task=json.loads(task),
        state=_STATES.get(status.status, "running"),
        owner=status.executor_id,
        fence=0,
        lease_until=None,
        forked_from=status.forked_from,
        forked_at_step=None,
        result=json.loads(status.output) if status.output else None,
        error=str(failure_of(str(status.error))) if status.error else None,
        created_at=created,
        updated_at=(status.updated_at or 0) / 1000 or created,
    )
