"""One execution of a workflow: who is asked, what came of it, and what it took."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import anyio

from toolyard.agents.run_result import RunResult
from toolyard.core.content import Text
from toolyard.core.errors import BudgetSpent, JournalError, StepInDoubt, StoreError, ToolyardError
from toolyard.core.groups import first_of
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import (
    AgentFailed,
    AgentResponded,
    AgentSelected,
    OrchestrationEvent,
    RoundCompleted,
    RoundStarted,
)
from toolyard.llm.prices import difference
from toolyard.llm.session import Said
from toolyard.orchestration.calling import called
from toolyard.orchestration.member import Member
from toolyard.orchestration.run_json import written
from toolyard.orchestration.seats.seat import Seat
from toolyard.orchestration.seats.seating import seat_of
from toolyard.orchestration.surroundings import Surroundings
from toolyard.orchestration.texts.said import text_of
from toolyard.orchestration.workflow_result import Spent, Step, WorkflowResult, total

if TYPE_CHECKING:
    from pydantic import TypeAdapter

logger = logging.getLogger("toolyard.orchestration")

OnError = Literal["skip", "raise", "show"]
"""What is done when a member fails: it is left out, the run fails, or the others are shown it."""


class Ask(NamedTuple):
    """One of several that are asked at once."""

    seat: Seat
    prompt: str
    output: Any = None
    step_id: str = ""
    task_id: str = ""
    reason: str = ""
    """Why this one is asked, if there is more to say than why all are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a run is known by, and by which rules it goes."""

    workflow_id: str
    workflow_name: str
    run_id: str
    on_error: OnError
    at_once: int


class WorkflowRun:
    """Made for one task and used once; an engine asks the members through it.

    Each time that a member is asked becomes a `Step`, and events. What a step's `result` says is
    the member's; a member that fails is left out, shown, or ends the run, as `on_error` has it.
    """

    def __init__(self, facts: RunFacts, task: Sequence[Said], around: Surroundings) -> None:
        self.task = text_of(task)
        """What is to be done, as a text."""
        self.facts = facts
        self.around = around
        self._asked = list[str]()
        self._done = dict[str, Step]()
        self.rounds = 0
        """How many have begun."""
        self.so_far = ""
        """The answer, if the run must end now; an engine keeps it where not each step is one."""
        self._pictures = [each for each in task if not isinstance(each, str | Text)]
        self._have_seen = set[Seat]()
        self._step_names, self._place_names = _Names(), _Names()

    @property
    def steps(self) -> Sequence[Step]:
        """Those that are over, in the order in which the members were asked."""
        return [self._done[each] for each in self._asked if each in self._done]

    def tell(self, kind: type[OrchestrationEvent], **fields: Any) -> None:
        """Say that it happened, with the fields that `kind` has besides who and when."""
        if self.around.bus.of(kind):
            facts = self.facts
            event = kind(
                orchestration_id=facts.workflow_id,
                orchestration_name=facts.workflow_name,
                run_id=facts.run_id,
                **fields,
            )
            self.around.bus.emit(event)

    def seat(self, member: Member, name: str = "") -> Seat:
        """A place for `member`: what it is told there is known nowhere else.

        Args:
            member: Who sits there.
            name: Of the place, where the order in which places are made is not always the same;
                else places are told apart by their members and that order.
        """
        place = self._place_names.new(name or member.id)
        return seat_of(member, self.around.inside(place))

    def seats(self, members: Sequence[Member]) -> dict[str, Seat]:
        """A place for each of `members`, by their ids."""
        return {each.id: self.seat(each) for each in members}

    @contextmanager
    def round(self) -> Generator[int]:
        """One pass over the members; gives its number, from 1."""
        self.rounds += 1
        number = self.rounds
        self.tell(RoundStarted, round=number)
        yield number
        self.tell(RoundCompleted, round=number)

    async def ask(
        self,
        seat: Seat,
        prompt: str,
        *,
        output: Any = None,
        reason: str = "",
        step_id: str = "",
        task_id: str = "",
    ) -> Step:
        """Ask one member, and what came of it.

        Args:
            seat: Who is asked.
            prompt: What it is told.
            output: Of which type its answer must be; any text if not given.
            reason: Why it is asked, for those who watch.
            step_id: By which the step is found again; one is made if not given.
            task_id: The task of a team, or the piece of a text, that it is about.

        Raises:
            ToolyardError: It failed, and `on_error` is `raise`; or nothing is left of a budget.
        """
        ask = Ask(seat, prompt, output, self._step_id(seat.member, step_id), task_id)
        return await self._ask(ask, reason)

    async def ask_all(
        self, asks: Sequence[Ask], *, reason: str = "", at_once: int | None = None
    ) -> Sequence[Step]:
        """Ask several at once, at most `at_once` of them at a time; their steps in that order.

        There are never more at work than the run allows, which is the limit if none is given.
        If nothing is left of a budget, those who have begun are waited for.
        """
        named = [ask._replace(step_id=self._step_id(ask.seat.member, ask.step_id)) for ask in asks]
        if len(named) == 1:  # as in most turns of a discussion; it needs no task of its own
            return [await self._ask(named[0], named[0].reason or reason)]
        limit = self.facts.at_once if at_once is None else min(self.facts.at_once, at_once)
        done, left = list[Step | BudgetSpent | None]([None]) * len(named), iter(enumerate(named))

        async def take() -> None:
            for at, ask in left:
                done[at] = await self._ask_within(ask, ask.reason or reason)

        try:
            async with anyio.create_task_group() as tasks:
                for _ in range(min(limit, len(named))):
                    tasks.start_soon(take)
        except BaseExceptionGroup as errors:
            raise first_of(errors) from None
        spent = [each for each in done if isinstance(each, BudgetSpent)]
        if spent:  # with all of them, as a journal is to try each again if there is more one day
            raise spent[0] from (ExceptionGroup("others too", spent[1:]) if spent[1:] else None)
        return [each for each in done if isinstance(each, Step)]

    async def _ask_within(self, ask: Ask, reason: str) -> Step | BudgetSpent:
        """As `_ask`; that nothing is left of a budget does not end what others have begun."""
        try:
            return await self._ask(ask, reason)
        except BudgetSpent as spent:  # what the others do is paid for
            if self.facts.on_error == "raise":
                raise
            return spent

    async def _ask(self, ask: Ask, reason: str) -> Step:
        seat, before, began = ask.seat, ask.seat.spent, time.perf_counter()
        who = {"agent_id": seat.member.id, "agent_name": seat.member.name, "step_id": ask.step_id}
        self.tell(AgentSelected, reason=reason, **who)
        result, failure = None, None
        try:
            result = await seat.say(self._said(seat, ask.prompt), ask.output)
            self._have_seen.add(seat)
        except BaseException as raised:  # one member must not end the others' work
            failure = raised
            if self._ends_all(raised):
                raise
            if not isinstance(raised, ToolyardError):
                logger.exception("the member %r failed", seat.member.id)
        finally:  # also if it ends the run: what it took is counted, and told
            step = self._step(ask, before, began, result, failure)
            self._done[step.id] = step
            self._tell_end(step, who)
        return step

    def _step(
        self,
        ask: Ask,
        before: Spent,
        began: float,
        result: RunResult[Any] | None,
        failure: BaseException | None,
    ) -> Step:
        member, (usage, cost) = ask.seat.member, ask.seat.spent
        error = None if failure is None else sentence(failure)
        return Step(
            id=ask.step_id,
            member_id=member.id,
            member_name=member.name,
            round=self.rounds,
            task_id=ask.task_id,
            result=result,
            error=error,
            code=failure.code if isinstance(failure, ToolyardError) else "",
            is_retryable=isinstance(failure, ToolyardError) and failure.retryable,
            text=self._text(member, result, error),
            usage=usage - before.usage,
            cost_usd=difference(before.cost_usd, cost),
            duration_s=time.perf_counter() - began,
            at=time.time(),
        )

    def _ends_all(self, failure: BaseException) -> bool:
        """Whether the run cannot go on without that member, or for the same reason at all."""
        if self.facts.on_error == "raise" or not isinstance(failure, Exception):
            return True
        if isinstance(failure, BudgetSpent):
            return self.is_budget_spent
        if isinstance(failure, StoreError) and self.around.steps is not None:
            return True  # most likely the journal's, and what is not kept there must not go on
        # That a call is in doubt is the member's failure, anything else the journal's.
        return isinstance(failure, JournalError) and not isinstance(failure, StepInDoubt)

    @property
    def is_budget_spent(self) -> bool:
        """Whether nothing is left of what all members may use together."""
        return any(budget.is_spent for budget in self.around.budgets)

    async def call(
        self, name: str, function: Callable[..., Any], *arguments: Any, kind: Any = Any
    ) -> Any:
        """What a function gives that whoever made the workflow gave it, async or not.

        Args:
            name: What it is for; no other call of the run that may be made at the same time has it.
            function: It may be called again if the run is interrupted meanwhile.
            arguments: What it is called with.
            kind: The type of what it gives, unless that is a JSON value.
        """
        steps = self.around.steps
        if steps is None:
            return await called(function, *arguments)

        async def do() -> Any:
            return written(await called(function, *arguments))

        given = written(arguments)
        kept = await steps.run(name, kind="call", input=given, do=do, repeatable=True)
        return kept if kind is Any else _adapter(kind).validate_python(kept)

    def discard(self, steps: Sequence[Step]) -> None:
        """What came of `steps` is not used, though it was paid for."""
        for each in steps:
            self._done[each.id] = replace(each, counts=False)

    def require(self, steps: Sequence[Step]) -> Sequence[Step]:
        """Those of `steps` that have something to show; `WorkflowError` if none has."""
        found = [each for each in steps if each.has_text]
        if not found:
            failed = dict.fromkeys(f"{each.member_name}: {each.error}" for each in steps)
            raise WorkflowError(f"Nobody answered: {'; '.join(failed) or 'nobody was asked.'}")
        return found

    def result(
        self,
        text: str,
        *,
        output: Any = None,
        is_complete: bool = True,
        ended: str = "",
        score: float | None = None,
        **metadata: Any,
    ) -> WorkflowResult[Any]:
        """The result of the run, with all that was asked and answered in it.

        Args:
            text: The answer.
            output: The same as a value, if it is more than the text.
            is_complete: Whether it came to the end that it was to come to.
            ended: Why it ended, in a few words.
            score: How good it is, from 0 to 1.
            metadata: What else is known of it.
        """
        steps = tuple(self.steps)
        usage, cost = total(steps)
        results = [each.result for each in steps if each.result is not None]
        return WorkflowResult(
            output=text if output is None else output,
            text=text,
            status="complete" if is_complete else "partial",
            usage=usage,
            cost_usd=cost,
            turns=sum(each.turns for each in results),
            tool_calls=sum(each.tool_calls for each in results),
            run_id=self.facts.run_id,
            rounds=self.rounds,
            score=score,
            ended=ended,
            steps=steps,
            metadata=metadata,
        )

    def _said(self, seat: Seat, prompt: str) -> Sequence[Said]:
        """The prompt, and the pictures of the task if the member has not seen them."""
        if not self._pictures or (seat.remembers and seat in self._have_seen):
            return (prompt,)
        return (prompt, *self._pictures)

    def _step_id(self, member: Member, given: str) -> str:
        """`given`, or `MEMBER`, made to differ from those of earlier steps."""
        self._asked.append(self._step_names.new(given or member.id))
        return self._asked[-1]

    def _text(self, member: Member, result: RunResult[Any] | None, error: str | None) -> str:
        if result is not None:
            return result.text
        return f"({member.name} failed: {error})" if self.facts.on_error == "show" else ""

    def _tell_end(self, step: Step, who: dict[str, str]) -> None:
        if step.result is None:
            self.tell(AgentFailed, error=step.error or "", **who)
            return
        self.tell(
            AgentResponded,
            tokens_used=step.usage.total_tokens,
            cost_usd=None if step.cost_usd is None else float(step.cost_usd),
            response_length=len(step.text.encode("utf-8", "surrogatepass")),
            duration_s=step.duration_s,
            **who,
        )


class _Names:
    """Makes names that differ."""

    def __init__(self) -> None:
        self._counts = Counter[str]()

    def new(self, name: str) -> str:
        """`name`, with a number behind it from the second time on."""
        self._counts[name] += 1
        return name if self._counts[name] == 1 else f"{name}#{self._counts[name]}"


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # runs that are not kept do without it

    return TypeAdapter(kind)


def sentence(error: BaseException) -> str:
    """`error` for those who must act: nothing of a bug but its kind."""
    if isinstance(error, ToolyardError):
        return str(error)
    if not isinstance(error, Exception):
        return "cancelled"
    return f"It ran into an unexpected {type(error).__name__}."
