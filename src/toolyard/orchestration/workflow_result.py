"""What a run of a workflow gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from toolyard.agents.run_result import RunResult
from toolyard.core.errors import UnknownName
from toolyard.llm.usage import NO_USAGE, Usage

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One time that a member was asked, and what came of it."""

    id: str
    """By which it is told from the other steps of the run."""
    member_id: str
    member_name: str
    round: int = 0
    """From 1; 0 outside of any."""
    task_id: str = ""
    """The task of a team, or the piece of a text, that it was about."""
    result: RunResult[Any] | None
    """`None` if the member failed."""
    error: str | None = None
    """Why it failed, a sentence."""
    code: str = ""
    """The stable name of that error, if it is one of toolyard's."""
    is_retryable: bool = False
    """Whether it failed for a reason that may have passed when it is asked again."""
    counts: bool = True
    """Whether what it answered is used: not if it was refused, or done for a plan given up."""
    text: str
    """What it answered; if it failed, what the others are shown instead, which may be nothing."""
    usage: Usage
    """What it took, also if it failed."""
    cost_usd: Decimal | None
    duration_s: float
    at: float
    """When it ended, in seconds since 1970."""

    @property
    def has_text(self) -> bool:
        """Whether there is something that others are to see."""
        return self.result is not None or bool(self.text)

    @property
    def prompt_text(self) -> str:
        """What it answered as its value shows itself to models, if it does; else its text."""
        to_prompt = getattr(self.output, "to_prompt", None)
        return self.text if to_prompt is None else to_prompt()

    @property
    def output(self) -> Any:
        """The answer, of the type that was asked for; `None` if the member failed."""
        return (
            self.text if self.result is None and self.text else self.result and self.result.output
        )


class Spent(NamedTuple):
    """What something took."""

    usage: Usage
    cost_usd: Decimal | None
    """`None` if a price is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowResult(RunResult[T]):
    """How a run of a workflow ended; `complete` if it came to the end that it was to come to."""

    rounds: int = 0
    score: float | None = None
    """How good it is, how much the members agree, or how much is done; from 0 to 1."""
    ended: str = ""
    """Why it ended, in a few words, such as `converged`."""
    steps: tuple[Step, ...] = ()
    """What the members were asked and answered, in the order in which they were asked."""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What else is known of it, by the kind of workflow."""

    def step(self, step_id: str) -> Step:
        """The step of that id; the latest try that counts, if that one does not.

        Raises:
            UnknownName: There is none.
        """
        again = f"{step_id}#"
        tries = [each for each in self.steps if each.id == step_id or each.id.startswith(again)]
        if not tries or tries[0].id != step_id:
            raise UnknownName("step", step_id)
        if tries[0].counts:
            return tries[0]
        return next((each for each in reversed(tries) if each.counts), tries[0])

    def partial(self, ended: str) -> WorkflowResult[T]:
        """The same, as one that did not come to the end that it was to come to."""
        return replace(self, status="partial", ended=ended)

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What each step gave, by its id, but those that failed or do not count."""
        return {each.id: each.output for each in self.steps if each.result and each.counts}

    def get_all(self, kind: type[T]) -> Sequence[T]:
        """What steps gave that is of the type `kind`, in their order."""
        counting = (each.output for each in self.steps if each.counts)
        return [each for each in counting if isinstance(each, kind)]

    def get(self, kind: type[T]) -> T:
        """The latest of `get_all`; `UnknownName` if there is none."""
        found = self.get_all(kind)
        if not found:
            raise UnknownName("output of the type", kind.__name__)
        return found[-1]

    @property
    def by_member(self) -> Mapping[str, Spent]:
        """What each member took, by its id."""
        return _spent(self.steps, lambda step: step.member_id)

    @property
    def by_task(self) -> Mapping[str, Spent]:
        """What each task of a team took, by its id."""
        return _spent(self.steps, lambda step: step.task_id)


def total(steps: Sequence[Step]) -> Spent:
    """What `steps` took together."""
    spent = Spent(NO_USAGE, Decimal(0))
    for each in steps:
        spent = plus(spent, Spent(each.usage, each.cost_usd))
    return spent


def plus(one: Spent, other: Spent) -> Spent:
    """What both took together."""
    cost = None
    if one.cost_usd is not None and other.cost_usd is not None:
        cost = one.cost_usd + other.cost_usd
    return Spent(one.usage + other.usage, cost)


def _spent(steps: Sequence[Step], key: Callable[[Step], str]) -> Mapping[str, Spent]:
    groups = dict[str, list[Step]]()
    for each in steps:
        if key(each):
            groups.setdefault(key(each), []).append(each)
    return {name: total(group) for name, group in groups.items()}
