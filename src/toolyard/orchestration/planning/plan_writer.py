"""Makes plans, and decides what the plan leaves open, by asking members."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel, Field

from toolyard.core.workflow_errors import PlanFailed
from toolyard.orchestration.delegation.coordinator import Coordinator
from toolyard.orchestration.member import Member
from toolyard.orchestration.planning.plan import Blueprint, Plan, PlanStep
from toolyard.orchestration.planning.plan_check import problems
from toolyard.orchestration.planning.recovery import Recovery
from toolyard.orchestration.texts.roster import roster
from toolyard.orchestration.workflow_result import Step
from toolyard.orchestration.workflow_run import WorkflowRun

BRIEF = """You plan how a team does this task: in steps, one after the other, each by one member. \
A member knows nothing but what the intent_template of its step says. There, {{ task }} stands for \
the task, {{ previous_output }} for what came of the step before, and {{ NAME }} for what came of \
the earlier step with that step_id or output_key. The members:
"""
GUIDE = "Such tasks are mostly done like this:\n"
PLAN = "Make the plan."
PLAN_ANEW = """The plan is given up, with all that came of it, since this step failed: {step_id}
{why}

Make another plan, from the start."""
PLAN_ON = """This step failed: {step_id}
{why}

These steps are done, and stay: {kept}. Plan the steps that come after them anew: instead of the \
one that failed, and of all after it."""
WRONG = "That plan cannot be followed:\n{problems}\nMake it again, all of it."
DECIDER_BRIEF = "A team does this task by a plan. You decide what its plan leaves open."
RECOVER = """The plan's goal is: {goal}
Its steps:
{steps}

This step failed: {step_id}
{why}

What is to be done?"""
MAP = """A step of a plan uses {name!r}: {description}
It stands for what came of one of these earlier steps. Of which?
{steps}"""
TRIES = 3
"""So often a plan is made, if it cannot be followed."""
MOST_STEPS = 100
"""Of a plan that is made: each is a run of a member, whoever pays for it."""
TOO_LONG = "It has {count} steps; make do with {most}, and better with fewer than ten."


class Remedy(BaseModel):
    """What is to be done about a step that failed."""

    recovery: Recovery = Field(
        description="retry: do the step again as it is. tactical: plan it and the steps after it "
        "anew, and keep what is done. full: plan everything anew, from the start."
    )


class Source(BaseModel):
    """Which step is meant."""

    step_id: str = Field(description="The step_id of one of the earlier steps.")


class PlanWriter:
    """Asks the planner for plans, and the decider what is to be done; made for one run."""

    def __init__(
        self,
        run: WorkflowRun,
        workers: Sequence[Member],
        *,
        planner: Member | None,
        decider: Member | None,
        blueprint: Blueprint | None,
    ) -> None:
        self._workers = workers
        brief = BRIEF + roster(workers)
        if blueprint is not None:
            brief += f"\n\n{GUIDE}{blueprint}"
        self._planner = None if planner is None else Coordinator(run, planner, brief)
        own = None if decider is None else Coordinator(run, decider, DECIDER_BRIEF)
        self._decider = own or self._planner
        self._told = set[str]()
        """The steps of which the planner knows what came of them."""

    @property
    def plans(self) -> bool:
        """Whether there is somebody who plans."""
        return self._planner is not None

    async def plan(self) -> Plan:
        """A plan for the task; `PlanFailed` if there is none that can be followed."""
        return await self._made(PLAN, Plan, lambda plan: plan)

    async def plan_anew(self, failed: PlanStep, why: str) -> Plan:
        """Another plan, since a step of the last one failed."""
        question = PLAN_ANEW.format(step_id=failed.step_id, why=why)
        return await self._made(question, Plan, lambda plan: plan)

    async def plan_on(self, plan: Plan, done: Sequence[Step], why: str) -> Plan:
        """`plan` with other steps from the one that failed on, which is the first not done."""
        kept, failed = plan.steps[: len(done)], plan.steps[len(done)]
        for planned, step in zip(kept, done, strict=True):
            if step.id not in self._told:
                self._told.add(step.id)
                self._planning.tell(step, name=f"{step.member_name}, {planned.step_id}")
        question = PLAN_ON.format(
            step_id=failed.step_id,
            why=why,
            kept=", ".join(each.step_id for each in kept) or "none",
        )

        def joined(steps: Sequence[PlanStep]) -> Plan:
            return Plan(goal=plan.goal, steps=[*kept, *steps])

        return await self._made(question, list[PlanStep], joined)

    async def recovery(self, plan: Plan, failed: PlanStep, why: str) -> Recovery:
        """What is to be done about a step; if nobody can say, all is planned anew."""
        if self._decider is None or not self.plans:
            return "retry"  # which is all that can be done
        question = RECOVER.format(
            goal=plan.goal, steps=_listed(plan.steps), step_id=failed.step_id, why=why
        )
        step = await self._decider.ask(question, output=Remedy, reason="decides what is to be done")
        return "full" if step.result is None else step.output.recovery

    async def source(
        self, name: str, step: PlanStep, earlier: Sequence[PlanStep]
    ) -> PlanStep | None:
        """Of which earlier step `name` stands for the result, if anybody can say."""
        if self._decider is None:
            return None
        question = MAP.format(name=name, description=step.description, steps=_listed(earlier))
        said = await self._decider.ask(question, output=Source, reason=f"says what {name} is")
        if said.result is None:
            return None
        return next((each for each in earlier if each.step_id == said.output.step_id), None)

    @property
    def _planning(self) -> Coordinator:
        if self._planner is None:
            raise PlanFailed("Nobody is there to plan anew: give the workflow a planner.")
        return self._planner

    async def _made(self, question: str, output: Any, read: Callable[[Any], Plan]) -> Plan:
        found: Sequence[str] = ()
        for _ in range(TRIES):
            step = await self._planning.ask(question, output=output, reason="plans")
            if step.result is None:
                raise PlanFailed(f"{step.member_name} made no plan: {step.error}")
            plan = read(step.output)
            found = _too_long(plan) or problems(plan, self._workers, is_guessed=True)
            if not found:
                return plan
            question = WRONG.format(problems="\n".join(f"- {each}" for each in found))
        raise PlanFailed(
            f"{self._planning.member.name} made no plan that can be followed: {' '.join(found)}"
        )


def _too_long(plan: Plan) -> Sequence[str]:
    count = len(plan.steps)
    return [TOO_LONG.format(count=count, most=MOST_STEPS)] if count > MOST_STEPS else []


def _listed(steps: Sequence[PlanStep]) -> str:
    return "\n".join(f"- {each.step_id}: {each.description}" for each in steps)
