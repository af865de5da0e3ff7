"""The place of a member that is no agent in one run of a workflow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from anyio.lowlevel import checkpoint

from toolyard.agents.run import shape_of
from toolyard.agents.run_result import RunResult
from toolyard.core.errors import ExtractionError
from toolyard.llm.session import Said
from toolyard.llm.unfit import again, unfit
from toolyard.llm.usage import NO_USAGE
from toolyard.orchestration.calling import called
from toolyard.orchestration.member import Member, Runnable
from toolyard.orchestration.person import Person
from toolyard.orchestration.run_json import read_result, written_result
from toolyard.orchestration.surroundings import Surroundings
from toolyard.orchestration.texts.said import result_of, text_of
from toolyard.orchestration.workflow_result import Spent, plus

if TYPE_CHECKING:
    from toolyard.llm.output_shape import OutputShape

TRIES = 3
"""So often one that is no agent is asked for an answer of a type."""


@runtime_checkable
class Nested(Protocol):
    """A workflow, as a member of another."""

    async def run_within(self, around: Surroundings, *task: Said) -> RunResult[Any]:
        """Do a task for another workflow."""
        ...


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
        does, steps = self.member.does, self._around.steps
        if isinstance(does, Nested):  # whose own calls are kept
            return await does.run_within(replace(self._around, take=self._take), *said)
        if isinstance(does, Person):
            result = await does.answer(steps, text_of(said))
        elif steps is None:
            result = await self._do(said)
        else:
            kept = await steps.run(
                "call",
                kind="call",
                input=text_of(said),
                do=lambda: self._written(said),
                repeatable=self.member.is_repeatable,
            )
            result = read_result(kept)
        self._take(Spent(result.usage, result.cost_usd))
        return result

    def _take(self, spent: Spent) -> None:
        self.spent = plus(self.spent, spent)

    async def _written(self, said: Sequence[Said]) -> Any:
        return written_result(await self._do(said))

    async def _do(self, said: Sequence[Said]) -> RunResult[Any]:
        await checkpoint()  # one that never waits itself must not keep others from going on
        does = self.member.does
        if callable(getattr(does, "run", None)):
            return await cast("Runnable", does).run(*said)
        given = await called(cast("Callable[[str], Any]", does), text_of(said))
        return cast("RunResult[Any]", given) if isinstance(given, RunResult) else result_of(given)


def _read(result: RunResult[Any], shape: OutputShape, kind: Any) -> Any:
    """The value in an answer; `ExtractionError` if there is none."""
    if isinstance(result.output, str) or isinstance(kind, dict):
        return shape.read(result.text)
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_python(result.output)
    except ValidationError:
        return shape.read(result.text)
