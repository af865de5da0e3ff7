"""A member's place in a run whose work any process may do that has the same workflow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from toolyard.agents.agent import Agent
from toolyard.agents.run_result import RunResult
from toolyard.core.errors import BudgetSpent, JournalError, UnfitReply
from toolyard.llm.session import Said
from toolyard.llm.usage import NO_USAGE
from toolyard.orchestration.member import Member
from toolyard.orchestration.on_dbos.failing import failure_of
from toolyard.orchestration.on_dbos.request import (
    count_use,
    read_answer,
    read_spent,
    written_budget,
    written_output,
)
from toolyard.orchestration.person import Person
from toolyard.orchestration.run_json import written_task
from toolyard.orchestration.seats.call_seat import Nested
from toolyard.orchestration.seats.seat import Seat
from toolyard.orchestration.surroundings import Surroundings
from toolyard.orchestration.workflow import Workflow
from toolyard.orchestration.workflow_result import Spent, plus


class Asks(Protocol):
    """Who has members be asked."""

    async def asked(self, run_id: str, path: Sequence[str], request: dict[str, Any]) -> Any:
        """What a member answers; it is asked once at each path."""
        ...


@dataclass(frozen=True, slots=True)
class Away:
    """An `Elsewhere` for the members of a workflow that was given to `DbosRuns`."""

    asks: Asks
    run_id: str
    workflow: Workflow
    within: tuple[str, ...]
    """By which members `workflow` is found: the outermost workflow, then those inside."""

    def seat(self, member: Member, around: Surroundings) -> Seat | None:
        """As `Elsewhere.seat`; other processes know only members that the workflow names."""
        is_known = any(each == member for each in self.workflow.members)
        if not is_known or isinstance(member.does, Nested | Person):
            return None
        return AwaySeat(member, around, self)

    def inside(self, member: Member) -> Away | None:
        """As `Elsewhere.inside`."""
        if not isinstance(member.does, Workflow) or member not in self.workflow.members:
            return None
        return replace(self, workflow=member.does, within=(*self.within, member.id))


class AwaySeat:
    """A `Seat`, of which no more is here than what was said."""

    def __init__(self, member: Member, around: Surroundings, away: Away) -> None:
        if around.steps is None:
            raise JournalError("Members work elsewhere in durable runs only.")
        self.member = member
        self.remembers = isinstance(member.does, Agent)
        self.spent = Spent(NO_USAGE, Decimal(0))
        self._around = around
        self._steps = around.steps
        self._away = away
        self._conversation = list[Any]()

    async def say(self, said: Sequence[Said], output: Any) -> RunResult[Any]:
        """As `Seat.say`.

        Raises:
            RunCancelled: Somebody cancelled the run.
            RunDiverged: It was asked something else before.
            ToolyardError: It failed.
        """
        budgets = self._around.budgets
        at = self._steps.place("ask")
        request = {
            "run_id": self._away.run_id,
            "within": list(self._away.within),
            "member": self.member.id,
            "said": written_task(said),
            "output": written_output(output),
            "conversation": self._conversation,
            "budgets": list(map(written_budget, budgets)),
        }
        path = (*self._steps.path, f"ask {at}")
        answer = await self._away.asks.asked(self._away.run_id, path, request)
        self._conversation = answer["conversation"]
        self.spent = plus(self.spent, read_spent(answer["spent"]))
        for budget, used in zip(budgets, answer["used"], strict=True):
            count_use(budget, used)
        if "error" in answer:
            error = failure_of(answer["error"])
            if isinstance(error, BudgetSpent) and error.place is not None:
                budgets[error.place].end()  # whoever else was asked meanwhile
            raise error
        return _typed(read_answer(answer["result"]), output)


def _typed(result: RunResult[Any], output: Any) -> RunResult[Any]:
    """The same with a value of the type that was asked for."""
    if output is None or output is str or isinstance(output, dict):
        return result
    try:
        value = TypeAdapter[Any](output).validate_python(result.output)
    except ValidationError as error:
        raise UnfitReply("The answer is not what was asked for.", result.text) from error
    return replace(result, output=value)
