"""Runs and members' work as they are done in this process, which DBOS has chosen for them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolyard.core.errors import (
    ConfigError,
    JournalError,
    RunDiverged,
    RunLost,
    StepInDoubt,
    StoreError,
    ToolyardError,
    UnknownName,
)
from toolyard.events.bus import EventBus
from toolyard.orchestration.on_dbos.asking import answered
from toolyard.orchestration.on_dbos.away_seat import Away
from toolyard.orchestration.on_dbos.failing import error_text
from toolyard.orchestration.on_dbos.kept_steps import Kept, KeptSteps
from toolyard.orchestration.on_dbos.parts import Parts
from toolyard.orchestration.run_json import read_task, written_end
from toolyard.orchestration.surroundings import Surroundings
from toolyard.orchestration.workflow import Workflow
from toolyard.orchestration.workflow_result import WorkflowResult
from toolyard.storage.journal.json_text import canonical_text
from toolyard.storage.journal.steps import Steps

if TYPE_CHECKING:
    from toolyard.orchestration.on_dbos.service import Log

logger = logging.getLogger("toolyard.orchestration")


@dataclass(slots=True)
class Listener:
    """Who waits for a run here."""

    bus: EventBus
    result: WorkflowResult[Any] | None = None


class Doing:
    """Does what DBOS gives to this process, by the workflows that it knows."""

    def __init__(self, workflows: Mapping[str, Workflow], parts: Parts) -> None:
        self._workflows = workflows
        self._parts = parts
        self.listeners = dict[str, Listener]()
        """By the ids of the runs."""

    def _own(self, workflow_id: str) -> Workflow:
        """As `workflow`; what is not known here must be done elsewhere, and not fail."""
        try:
            return self.workflow(workflow_id)
        except UnknownName as error:
            raise _misplaced(error) from error

    def workflow(self, workflow_id: str) -> Workflow:
        """The workflow of that id; `UnknownName` if there is none."""
        if workflow_id not in self._workflows:
            raise UnknownName("workflow", workflow_id)
        return self._workflows[workflow_id]

    async def do_run(self, log: Log, run_id: str, workflow_id: str, task: str) -> str:
        """As `Work.do_run`."""
        await log.open(run_id)
        team, listener = self._own(workflow_id), self.listeners.get(run_id)
        bus = listener.bus if listener else EventBus()
        try:
            result = await self.worked(team, run_id, task, bus, log)
        except Exception as error:
            raise _ended(error) from error
        if listener:
            listener.result = result
        return canonical_text(written_end(result), "result")

    async def do_ask(self, log: Log, asked: str, text: str) -> str:
        """As `Work.do_ask`."""
        await log.open(asked)
        request = json.loads(text)
        run_id: str = request["run_id"]
        listener = self.listeners.get(run_id)
        steps = Steps(KeptSteps(log, _People(self._parts, asked)))
        around = Surroundings(bus=listener.bus if listener else EventBus(), steps=steps)
        team = self._own(request["within"][0])
        try:
            return canonical_text(await answered(team, request, around), "answer")
        except ConfigError as error:
            raise _misplaced(error) from error
        except Exception as error:
            raise _ended(error) from error

    async def worked(
        self, team: Workflow, run_id: str, task: str, bus: EventBus, kept: Kept
    ) -> WorkflowResult[Any]:
        """What a run comes to, with what was kept of it."""
        steps = Steps(KeptSteps(kept, _People(self._parts, run_id)))
        away = Away(self._parts, run_id, team, (team.id,))
        around = Surroundings(bus=bus, steps=steps, elsewhere=away)
        return await team.run_within(around, *read_task(json.loads(task)), run_id=run_id)


@dataclass(frozen=True, slots=True)
class _People:
    """People who are asked in one part of a run."""

    parts: Parts
    within: str

    async def answer(self, name: str, question: str) -> str:
        return await self.parts.person(f"{self.within}/{name}", question)


def _ended(error: Exception) -> Exception:
    """What DBOS is told: that the work failed, or that it is to be done again."""
    is_over = isinstance(error, StepInDoubt | RunDiverged)
    if isinstance(error, JournalError | StoreError) and not is_over:
        return error
    return RuntimeError(error_text(error))  # DBOS keeps what it says


def _misplaced(error: ToolyardError) -> RunLost:
    """The error for work that came to a process which cannot do it."""
    logger.error("Give each process on the database of DBOS the same workflows. %s", error)
    return RunLost("This process does not know the workflow.")
