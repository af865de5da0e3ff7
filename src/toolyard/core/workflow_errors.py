"""The errors of teams of agents.

WorkflowError                   a team of agents came to no result
├── StepLimitExceeded           a step of its plan failed too often
└── RedesignLimitExceeded       its plan was mended too often
"""

from __future__ import annotations

from toolyard.core.errors import ToolyardError


class WorkflowError(ToolyardError):
    """A team of agents came to no result; the message says who failed, and why."""

    code = "workflow"


class StepLimitExceeded(WorkflowError):
    """A step of a plan failed as often as a step may."""

    code = "step_limit"

    def __init__(self, step: str, limit: int, reason: str) -> None:
        super().__init__(f"The step {step!r} failed {limit} times, as often as one may: {reason}")
        self.step = step
        self.limit = limit


class RedesignLimitExceeded(WorkflowError):
    """A plan was mended as often as it may be, and failed again."""

    code = "redesign_limit"

    def __init__(self, limit: int, reason: str) -> None:
        super().__init__(f"The plan was mended {limit} times, as often as it may be: {reason}")
        self.limit = limit
