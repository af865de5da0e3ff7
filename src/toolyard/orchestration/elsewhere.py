"""Who does members' work in other processes, and who keeps runs there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from toolyard.core.errors import ConfigError
from toolyard.events.bus import EventBus
from toolyard.llm.session import Said
from toolyard.orchestration.member import Member
from toolyard.orchestration.seats.seat import Seat

DBOS = "dbos"
"""The word for runs that are kept by DBOS."""


class Elsewhere(Protocol):
    """Gives members seats whose work may be done in another process."""

    def seat(self, member: Member, around: Any) -> Seat | None:
        """A place for `member` in a run with these `Surroundings`; `None` if it has to be here."""
        ...

    def inside(self, member: Member) -> Elsewhere | None:
        """The same for the members of a workflow that is a member; `None` if they work here."""
        ...


class DurableRuns(Protocol):
    """An engine that keeps runs of the workflows which it was given."""

    async def run(
        self, workflow_id: str, *task: Said, run_id: str | None = None, bus: EventBus | None = None
    ) -> Any:
        """Do a task, and what came of it: a `WorkflowResult`."""
        ...

    async def task(self, run_id: str) -> Sequence[Said]:
        """What a run was begun with; `UnknownName` if there is no such run."""
        ...


_entered: list[DurableRuns] = []


def enter(runs: DurableRuns) -> None:
    """Have durable runs on DBOS be done by `runs`.

    Raises:
        ConfigError: Others are entered.
    """
    if _entered:
        raise ConfigError("A process has one DBOS: leave the DbosRuns that are entered first.")
    _entered.append(runs)


def leave() -> None:
    """The opposite of `enter`."""
    _entered.clear()


def entered() -> DurableRuns:
    """Who does durable runs on DBOS here.

    Raises:
        ConfigError: Nobody does.
    """
    if not _entered:
        raise ConfigError(
            'For durable="dbos" enter a DbosRuns with the workflow first: '
            "async with DbosRuns([workflow], url=...)."
        )
    return _entered[0]
