"""The errors of teams of agents.

WorkflowError                   a team of agents came to no result
└── PlanFailed                  its plan could not be made, or not be brought to its end
    ├── StepLimitExceeded       a step of the plan failed too often
    └── RedesignLimitExceeded   the plan was mended too often
"""

from __future__ import annotations

from toolyard.core.errors import ToolyardError


class WorkflowError(ToolyardError):
    """A team of agents came to no result; the message says who failed, and why."""

    code = "workflow"


class PlanFailed(WorkflowError):
    """A plan could not be made, or not be brought to its end."""

    code = "plan_failed"
    executed: int = 0
    """How often a member worked on a step."""
    redesigns: int = 0
    """How often the plan was mended: a step done again, or steps planned anew."""


class StepLimitExceeded(PlanFailed):
    """A step of a plan failed as often as a step may."""

    code = "step_limit"

    def __init__(self, step: str, limit: int, reason: str) -> None:
        super().__init__(f"The step {step!r} failed {limit} times, as often as one may: {reason}")
        self.step = step
        self.limit = limit


class RedesignLimitExceeded(PlanFailed):
    """A plan was mended as often as it may be, and failed again."""

    code = "redesign_limit"

    def __init__(self, limit: int, reason: str) -> None:
        super().__init__(f"The plan was mended {limit} times, as often as it may be: {reason}")
        self.limit = limit
