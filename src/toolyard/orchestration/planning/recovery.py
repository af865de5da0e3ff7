"""What is done about a step that failed, how often, and who decides in the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, get_args

from toolyard.orchestration.planning.plan import Plan, PlanStep
from toolyard.orchestration.refusals import refuse_less

Recovery = Literal["retry", "tactical", "full"]
"""The step is done again; it and later ones are planned anew, and results before it kept; all is
planned anew, and no result kept."""
RECOVERIES: tuple[Recovery, ...] = get_args(Recovery)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryLimits:
    """How often steps may fail, and how often their plan may be mended.

    The defaults suit plans of two or three steps. For five and more, allow 15 to 20 redesigns;
    where a step is known to be unstable, 5 attempts; where each call is dear, 2 attempts and 5
    redesigns.
    """

    step_attempts: int = 3
    """So often a step may fail in all until the run does, from 1; those of one id count together,
    until all is planned anew."""
    redesigns: int = 10
    """So often a step may be done again or planned anew, from 0."""

    def __post_init__(self) -> None:
        refuse_less(1, step_attempts=self.step_attempts)
        refuse_less(0, redesigns=self.redesigns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """A plan is about to be given up."""

    reason: str
    """Which limit was reached, and why the step failed."""
    step: PlanStep
    """The one that failed."""
    plan: Plan
    executed: int
    """How often a member worked on a step."""
    redesigns: int
    """How often the plan was mended."""


OnEscalate = Callable[[Escalation], Recovery | Awaitable[Recovery | None] | None]
"""Decides, such as by asking a person, what is done instead of giving up; `None` gives up."""


class StepFailed(Exception):
    """Nothing came of a step that can be used; the text says why."""

    def __init__(self, why: str, *, is_retryable: bool = False, told: str = "") -> None:
        super().__init__(why)
        self.is_retryable = is_retryable
        """Whether it may do to try again, so that nobody needs to decide it."""
        self.told = told or why
        """The same for models."""
