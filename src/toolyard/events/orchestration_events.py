"""The typed events of orchestrations: what a team of agents does, as it does it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from toolyard.core.context import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestrationEvent(Event):
    """Something that happened in a run of an orchestration."""

    orchestration_id: str
    orchestration_name: str
    run_id: str
    at: float = field(default_factory=time.time, compare=False)
    """When, in seconds since 1970; it may be heard of later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(OrchestrationEvent):
    """A run began."""

    mode: str
    """How the members work together, such as `Debate`."""
    agent_count: int
    """How many members there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCompleted(OrchestrationEvent):
    """A run ended with a result."""

    rounds: int
    total_tokens: int
    """By all members, read and written."""
    cost_usd: float | None
    """Of the same; `None` if a price is not known."""
    is_complete: bool
    """Whether it came to the end that it was to come to."""
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed(OrchestrationEvent):
    """A run ended without a result: by an error, or because it was cancelled."""

    error: str
    """A sentence, or `cancelled`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundStarted(OrchestrationEvent):
    """A round of turns begins."""

    round: int
    """From 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundCompleted(OrchestrationEvent):
    """A round of turns is over."""

    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEvent(OrchestrationEvent):
    """Something that one member did, or that was done with it."""

    agent_id: str
    agent_name: str
    step_id: str = ""
    """Which step of the run; empty where it is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSelected(MemberEvent):
    """A member is asked."""

    reason: str
    """Why this one, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentResponded(MemberEvent):
    """A member answered."""

    tokens_used: int
    cost_usd: float | None
    """`None` if the price is not known."""
    response_length: int
    """Of the answer, in bytes of UTF-8."""
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFailed(MemberEvent):
    """A member gave no answer, or was not let finish it; it stays a member."""

    error: str
    """A sentence, or `cancelled`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvergenceChecked(OrchestrationEvent):
    """It was looked whether the members have come to say the same."""

    round: int
    score: float
    """From 0, nothing in common, to 1, the same words."""
    threshold: float
    converged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored(OrchestrationEvent):
    """Something was given a score, or votes."""

    subject: str
    """What, in a few words."""
    score: float
    """From 0 to 1."""
    round: int = 0
    """0 outside of any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecovered(OrchestrationEvent):
    """A step of a plan failed, and something is done about it."""

    step_id: str
    recovery: str
    """`retry`, `tactical` (later steps are planned anew) or `full` (all are)."""
    error: str
    """Why it failed, a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RalphIterationStarted(OrchestrationEvent):
    """Every member is about to be asked to go on with the open tasks."""

    iteration: int
    """From 1."""
    max_iterations: int
    tasks_completed: int
    tasks_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RalphTaskCompleted(MemberEvent):
    """A member completed tasks, each for the first time."""

    task_ids: tuple[str, ...]
    tasks_completed_total: int
    tasks_total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEvent(MemberEvent):
    """Something that happened to one task of a team."""

    task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClaimed(TaskEvent):
    """A member has taken a task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCompleted(TaskEvent):
    """A task is done, and what came of it is on record."""

    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailed(TaskEvent):
    """A member did not get a task done, or said that it had and had not."""

    error: str
    """A sentence."""
