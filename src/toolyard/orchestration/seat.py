"""A member's place in one run of a workflow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from toolyard.agents.agent import Agent
from toolyard.agents.recipe import Recipe
from toolyard.agents.run import shape_of
from toolyard.agents.run_result import RunResult
from toolyard.core.errors import ExtractionError
from toolyard.events.agent_events import LLMContentDelta, LLMReasoningDelta
from toolyard.llm.budget import Budgeted
from toolyard.llm.chat_model import ChatModel
from toolyard.llm.session import Said
from toolyard.llm.unfit import again, unfit
from toolyard.llm.usage import NO_USAGE
from toolyard.orchestration.calling import called
from toolyard.orchestration.member import Member, Runnable
from toolyard.orchestration.said import result_of, text_of
from toolyard.orchestration.surroundings import Surroundings
from toolyard.orchestration.workflow_result import Spent, plus

if TYPE_CHECKING:
    from toolyard.llm.output_shape import OutputShape

TRIES = 3
"""So often one that is no agent is asked for an answer of a type."""


class Seat(Protocol):
    """A member in one run: what it hears and says there is nothing to any other run."""

    member: Member

    @property
    def remembers(self) -> bool:
        """Whether it knows what it was told before; else it must be told all of it each time."""
        ...

    @property
    def spent(self) -> Spent:
        """What it has taken so far, also where it failed."""
        ...

    async def say(self, said: Sequence[Said], output: Any) -> RunResult[Any]:
        """Tell it something, and what it answers, of the type `output` if one is given."""
        ...


@runtime_checkable
class Nested(Protocol):
    """A workflow, as a member of another."""

    async def run_within(self, around: Surroundings, *task: Said) -> RunResult[Any]:
        """Do a task for another workflow."""
        ...


def seat_of(member: Member, around: Surroundings) -> Seat:
    """A place for `member` in a run with these surroundings."""
    if isinstance(member.does, Agent):
        return AgentSeat(member, member.does, around)
    return CallSeat(member, around)


class AgentSeat:
    """An agent with a conversation for this run alone."""

    remembers = True

    def __init__(self, member: Member, agent: Agent, around: Surroundings) -> None:
        self.member = member
        self._agent = agent.fork(_within(agent.recipe, around))
        bus = self._agent.recipe.bus
        self._is_watched = bool(bus.of(LLMContentDelta) or bus.of(LLMReasoningDelta))

    @property
    def spent(self) -> Spent:
        """As `Seat.spent`."""
        return Spent(self._agent.session.usage, self._agent.session.cost_usd)

    async def say(self, said: Sequence[Said], output: Any) -> RunResult[Any]:
        """As `Seat.say`."""
        if not self._is_watched:
            return await self._agent.send(*said, output=output)
        result = None
        async for piece in self._agent.stream(*said, output=output):
            result = piece  # who watches hears of the others from the agent itself
        return cast("RunResult[Any]", result)


def _within(recipe: Recipe, around: Surroundings) -> Recipe:
    """What the agent is made of for a run with these surroundings."""
    model: ChatModel = recipe.model
    for budget in around.budgets:
        model = Budgeted(model, budget)
    prompts = filter(None, (recipe.system_prompt, around.system_context))
    bus = recipe.bus.joined(around.bus)
    return replace(recipe, model=model, bus=bus, system_prompt="\n\n".join(prompts))


class CallSeat:
    """A member that is called anew each time, and remembers nothing."""

    remembers = False

    def __init__(self, member: Member, around: Surroundings) -> None:
        self.member = member
        self.spent = Spent(NO_USAGE, Decimal(0))
        self._around = around

    async def say(self, said: Sequence[Said], output: Any) -> RunResult[Any]:
        """As `Seat.say`."""
        shape = shape_of(output)
        if shape is None:
            return await self._call(said)
        asked = (*said, shape.instructions)
        for tries_left in range(TRIES - 1, -1, -1):
            result = await self._call(asked)
            try:
                return replace(result, output=_read(result, shape, output))
            except ExtractionError as error:
                if not tries_left:
                    raise unfit(error, result.text) from error
                asked = (*said, shape.instructions, str(again(error)))
        raise AssertionError("the last try returns or raises")

    async def _call(self, said: Sequence[Said]) -> RunResult[Any]:
        does = self.member.does
        if isinstance(does, Nested):
            result = await does.run_within(self._around, *said)
        elif callable(getattr(does, "run", None)):
            result = await cast("Runnable", does).run(*said)
        else:
            given = await called(cast("Callable[[str], Any]", does), text_of(said))
            is_result = isinstance(given, RunResult)
            result = cast("RunResult[Any]", given) if is_result else result_of(given)
        self.spent = plus(self.spent, Spent(result.usage, result.cost_usd))
        return result


def _read(result: RunResult[Any], shape: OutputShape, kind: Any) -> Any:
    """The value in an answer; `ExtractionError` if there is none."""
    if isinstance(result.output, str) or isinstance(kind, dict):
        return shape.read(result.text)
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_python(result.output)
    except ValidationError:
        return shape.read(result.text)
