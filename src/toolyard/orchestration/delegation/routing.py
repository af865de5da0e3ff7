"""One decision: which member does the task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from toolyard.core.workflow_errors import WorkflowError
from toolyard.orchestration.delegation.coordinator import Coordinator
from toolyard.orchestration.engines.delegate import Moves
from toolyard.orchestration.member import Member
from toolyard.orchestration.texts.roster import meant, nobody, roster
from toolyard.orchestration.workflow_run import Ask, WorkflowRun

BRIEF = """You decide which member of a team does this task. It does all of it, and its answer is \
the result. The members:
{roster}"""
CHOOSE = "Who does it? Name one as in the list."
TRIES = 2
"""So often it is asked who does the task, if nobody is there to fall back on."""


class Route(BaseModel):
    """Who does the task."""

    member: str = Field(description="The member, as it is called in the list.")
    reason: str = Field("", description="Why this one, in a few words.")


@dataclass(frozen=True, slots=True)
class Routing:
    """The router names one of the workers, who does the task."""

    router: Member
    workers: Sequence[Member]
    fallback: Member | None
    """Who does it if the router names nobody."""

    async def moves(self, run: WorkflowRun) -> Moves:
        """As `Strategy`."""
        worker, reason = await self._chosen(run)
        ended = "routed"
        if worker is None:
            if self.fallback is None:
                raise WorkflowError(
                    f"{self.router.name} named no member who does the task: {reason}"
                )
            worker, ended = self.fallback, "fallback"
        steps = yield [Ask(run.seat(worker), run.task, reason=reason)]
        (step,) = run.require(steps)
        is_complete = step.result is not None and step.result.status == "complete"
        yield run.result(
            step.text,
            output=step.output,
            is_complete=is_complete,
            ended=ended,
            member=worker.id,
            reason=reason,
        )

    async def _chosen(self, run: WorkflowRun) -> tuple[Member | None, str]:
        """Whom the router named, and why; nobody, and why not."""
        router = Coordinator(run, self.router, BRIEF.format(roster=roster(self.workers)))
        question, problem = CHOOSE, ""
        for _ in range(1 if self.fallback else TRIES):
            step = await router.ask(question, output=Route, reason="decides who does the task")
            if step.result is None:
                problem = step.error or ""
                continue
            route: Route = step.output
            member = meant(route.member, self.workers)
            if member is not None:
                return member, route.reason
            problem = nobody([route.member], self.workers)
            question = f"{problem} {CHOOSE}"
        return None, problem
