"""One execution of a plan: its steps one after the other, and what is done when one fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolyard.core.errors import ConfigError
from toolyard.core.workflow_errors import PlanFailed, RedesignLimitExceeded, StepLimitExceeded
from toolyard.events.orchestration_events import StepRecovered
from toolyard.orchestration.engines.delegate import Moves
from toolyard.orchestration.member import Member
from toolyard.orchestration.planning.intents import intent
from toolyard.orchestration.planning.plan import Blueprint, Plan, PlanStep
from toolyard.orchestration.planning.plan_writer import PlanWriter
from toolyard.orchestration.planning.recovery import (
    RECOVERIES,
    Escalation,
    OnEscalate,
    Recovery,
    RecoveryLimits,
    StepFailed,
)
from toolyard.orchestration.planning.trace import Planned, Recovered, Traced
from toolyard.orchestration.planning.validation import validate
from toolyard.orchestration.texts.quoted import quoted
from toolyard.orchestration.texts.roster import meant
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.orchestration.workflow_run import Ask, WorkflowRun

REFUSED = "This was done before, and refused. Do it better."


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTeam:
    """Who plans, who works, and by which rules."""

    workers: Sequence[Member]
    planner: Member | None
    plan: Plan | None
    blueprint: Blueprint | None
    decider: Member | None
    validator: Member | None
    outputs: Mapping[str, Any]
    limits: RecoveryLimits
    on_escalate: OnEscalate | None


class PlanRun:
    """Made for one run and used once."""

    def __init__(self, run: WorkflowRun, team: PlanTeam) -> None:
        self._run = run
        self._team = team
        self._writer = PlanWriter(
            run,
            team.workers,
            planner=team.planner,
            decider=team.decider,
            blueprint=team.blueprint,
        )
        self._plan = team.plan
        self._done = dict[str, Step]()
        """What came of the plan's first steps, in their order, by their ids."""
        self._intents = dict[str, str]()
        self._refused = dict[str, str]()
        """What was said of a step that is done again, by its id."""
        self._failures = dict[str, int]()
        self._executed = 0
        self._redesigns = 0
        self._trace = list[Traced]()

    async def moves(self) -> Moves:
        """As `Strategy`."""
        try:
            plan = self._adopt(self._plan or await self._writer.plan())
            while len(self._done) < len(plan.steps):
                planned = plan.steps[len(self._done)]
                try:
                    ask = await self._ask(plan, planned)
                    (step,) = yield [ask]
                    self._executed += 1
                    await self._accept(planned, step)
                except StepFailed as failure:
                    plan = await self._recovered(plan, planned, failure)
            yield self._result(plan)
        except PlanFailed as error:
            error.executed, error.redesigns = self._executed, self._redesigns
            raise

    def _adopt(self, plan: Plan) -> Plan:
        self._intents.clear()
        self._refused.clear()
        self._trace.append(Planned(plan))
        return plan

    async def _ask(self, plan: Plan, planned: PlanStep) -> Ask:
        """The step for its member, who knows nothing of others."""
        step_id, team = planned.step_id, self._team
        if step_id not in self._intents:
            earlier = plan.steps[: len(self._done)]
            text, found = await intent(self._run.task, planned, earlier, self._done, self._writer)
            self._intents[step_id] = text
            self._trace += found
        worker = meant(planned.assigned_agent, team.workers)
        assert worker is not None, "a plan with unknown members is refused"
        prompt = "\n\n".join(filter(None, (self._intents[step_id], self._refused.get(step_id))))
        output = team.outputs.get(step_id, team.outputs.get(worker.id))
        return Ask(
            self._run.seat(worker),
            prompt,
            output,
            step_id=step_id,
            task_id=step_id,
            reason=planned.description,
        )

    async def _accept(self, planned: PlanStep, step: Step) -> None:
        """Keep what came of a step; `StepFailed` if it cannot be used."""
        try:
            if step.result is None:
                error = step.error or ""  # which may be in the words of a member, or of a tool
                told = quoted(step.member_name, error)
                raise StepFailed(error, is_retryable=step.is_retryable, told=told)
            if planned.requires_validation:
                checker = self._team.validator or self._team.planner
                assert checker is not None, "a team without one is refused"
                await validate(self._run, checker, planned, step)
        except StepFailed as failure:
            self._run.discard([step])
            if step.result is not None and failure.told != str(failure):
                shown = quoted(step.member_name, step.prompt_text)
                self._refused[planned.step_id] = f"{REFUSED}\n\n{shown}\n\n{failure.told}"
            raise
        self._done[planned.step_id] = step

    async def _recovered(self, plan: Plan, planned: PlanStep, failure: StepFailed) -> Plan:
        """By which plan it goes on after a step failed."""
        step_id, writer = planned.step_id, self._writer
        self._failures[step_id] = self._failures.get(step_id, 0) + 1
        recovery = await self._escalated(plan, planned, failure)
        if recovery is None and failure.is_retryable:
            recovery = "retry"
        if recovery is None:
            recovery = await writer.recovery(plan, planned, failure.told)
        self._redesigns += 1
        error = str(failure)
        self._run.tell(StepRecovered, step_id=step_id, recovery=recovery, error=error)
        self._trace.append(Recovered(step_id, recovery, error))
        if recovery == "retry":
            return plan
        if recovery == "tactical":
            done = list(self._done.values())
            return self._adopt(await writer.plan_on(plan, done, failure.told))
        self._run.discard(list(self._done.values()))
        self._done.clear()
        self._failures.clear()
        return self._adopt(await writer.plan_anew(planned, failure.told))

    async def _escalated(
        self, plan: Plan, planned: PlanStep, failure: StepFailed
    ) -> Recovery | None:
        """What somebody decides if a limit is reached, which is an error if nobody does."""
        error = self._exceeded(planned, failure)
        if error is None:
            return None
        decided = None
        if self._team.on_escalate is not None:
            escalation = Escalation(
                reason=str(error),
                step=planned,
                plan=plan,
                executed=self._executed,
                redesigns=self._redesigns,
            )
            decided = await self._run.call("on_escalate", self._team.on_escalate, escalation)
        if decided is None:
            raise error
        if decided not in RECOVERIES:
            raise ConfigError(
                f"on_escalate must give {', '.join(RECOVERIES)} or None, not {decided!r}."
            )
        self._failures[planned.step_id] = 0
        return decided

    def _exceeded(self, planned: PlanStep, failure: StepFailed) -> PlanFailed | None:
        limits, why = self._team.limits, str(failure)
        if self._failures[planned.step_id] >= limits.step_attempts:
            return StepLimitExceeded(planned.step_id, limits.step_attempts, why)
        if self._redesigns >= limits.redesigns:
            return RedesignLimitExceeded(limits.redesigns, why)
        return None

    def _result(self, plan: Plan) -> WorkflowResult[Any]:
        results = [each.result for each in self._done.values() if each.result is not None]
        last = self._done[plan.steps[-1].step_id]
        return self._run.result(
            last.text,
            output=last.output,
            is_complete=all(each.status == "complete" for each in results),
            ended="done",
            plan=plan,
            redesigns=self._redesigns,
            trace=tuple(self._trace),
            results=dict(self._done),
        )
