"""A plan is made, and done step by step; it is mended when a step fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from toolyard.agents.run import shape_of
from toolyard.core.errors import ConfigError, PromptError
from toolyard.orchestration.engines.delegate import Delegate
from toolyard.orchestration.member import Joining, Member, Members, member_of, members_of
from toolyard.orchestration.planning.plan import Blueprint, Plan
from toolyard.orchestration.planning.plan_check import problems
from toolyard.orchestration.planning.plan_run import PlanRun, PlanTeam
from toolyard.orchestration.planning.recovery import OnEscalate, RecoveryLimits
from toolyard.orchestration.workflow import Workflow, WorkflowOptions

_LIMITS = RecoveryLimits()


class Planner(Workflow):
    """The planner says which steps lead to the result, and who does each; then they are done.

    Each member is told what its step's template says, with what came of earlier steps for the
    names in it: as `{{ task }}`, `{{ previous_output }}`, by a step's id or `output_key`; a name
    that is none of these is the earlier step that shares most words with it, or which the decider
    names. Nothing of it is cut. What came of a step is shown to others as its value shows itself
    to models, if it does, and is found in the result as a value: by its type, or by the step.

    A step that fails, or does not pass where it is to be checked, is done again, or it and those
    after it are planned anew, or everything is, as the decider says; without being asked if it
    failed for a reason that passes, such as a busy provider. If the decider cannot say, everything
    is planned anew; without a planner, steps can only be done again. So neither `skip` nor `show`
    makes a difference in `on_error`; `raise` ends the run at the first failure of a member.

    The result is that of the last step, it ended `done`; the metadata has the `plan`, the number
    of `redesigns`, the `trace` of all plans, names and failures, and the `results` that count, by
    step. A run that cannot come to its end raises `PlanFailed`, or `StepLimitExceeded` or
    `RedesignLimitExceeded`, which know how often steps were done and the plan was mended.

    Args:
        members: Who does the steps, each knowing nothing but what it is told in that step.
        planner: Who makes the plan; three times at most if it cannot be followed, each time told
            why. It has 100 steps at most.
        plan: A plan that is there already; the planner then only makes others if it must.
        blueprint: How such tasks are mostly done, for the planner.
        decider: Who decides what the plan leaves open; the planner if not given.
        validator: Who checks the steps that the plan says are to be checked; the planner, knowing
            nothing of its plan, if not given.
        outputs: Of which types the answers must be, by the ids of members or of steps; that of a
            step comes first.
        limits: How often steps may fail and the plan be mended.
        on_escalate: Decides what is done when a limit is reached, instead of giving up. A step
            that failed too often may then fail as often again; a plan that was mended too often
            is mended once more.
        options: As of every workflow.
    """

    def __init__(
        self,
        members: Members,
        *,
        planner: Joining | Member | None = None,
        plan: Plan | None = None,
        blueprint: Blueprint | None = None,
        decider: Joining | Member | None = None,
        validator: Joining | Member | None = None,
        outputs: Mapping[str, Any] | None = None,
        limits: RecoveryLimits = _LIMITS,
        on_escalate: OnEscalate | None = None,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        others = [
            None if each is None else member_of(each) for each in (planner, decider, validator)
        ]
        team = PlanTeam(
            workers=members_of(members),
            planner=others[0],
            plan=plan,
            blueprint=blueprint,
            decider=others[1],
            validator=others[2],
            outputs=dict(outputs or {}),
            limits=limits,
            on_escalate=on_escalate,
        )
        _refuse(team)
        everybody = (*team.workers, *(each for each in others if each is not None))
        super().__init__(Delegate(everybody, lambda run: PlanRun(run, team).moves()), options)


def _refuse(team: PlanTeam) -> None:
    """Raise `ConfigError` if that team can do no task."""
    if team.planner is None and team.plan is None:
        raise ConfigError("A Planner needs a planner, or a plan that is there already.")
    if team.planner is None and team.blueprint is not None:
        raise ConfigError("A blueprint is for a planner: give one, or no blueprint.")
    if team.plan is not None:
        _refuse_plan(team, team.plan)
    for name, kind in team.outputs.items():
        try:
            shape_of(kind)
        except PromptError as error:
            raise ConfigError(
                f"outputs: {name!r} must be a type that JSON can say: {error}"
            ) from error


def _refuse_plan(team: PlanTeam, plan: Plan) -> None:
    decides = (team.decider or team.planner) is not None
    found: Sequence[str] = problems(plan, team.workers, is_guessed=decides)
    if found:
        raise ConfigError(f"The plan cannot be followed: {' '.join(found)}")
    checks = any(each.requires_validation for each in plan.steps)
    if checks and (team.validator or team.planner) is None:
        raise ConfigError("The plan has steps that are to be checked: give it a validator.")
    known = {each.step_id for each in plan.steps} | {each.id for each in team.workers}
    unknown = sorted(set(team.outputs) - known)
    if unknown and team.planner is None:
        raise ConfigError(f"outputs: there is neither a member nor a step {', '.join(unknown)}.")
