"""What a run may use, and a model that is asked only while something is left of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from decimal import Decimal
from math import inf

import anyio

from toolyard.core.errors import BudgetSpent
from toolyard.llm.chat import ChatRequest, Piece, Reply
from toolyard.llm.chat_model import ChatModel, close, keeps_to_schemas, pieces_of
from toolyard.llm.deadline import ended_by
from toolyard.llm.prices import ListPrices, Prices
from toolyard.llm.usage import NO_USAGE, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLimits:
    """What all requests of a run may use together; what is not given has no end."""

    tokens: float = inf
    """Read and written."""
    cost_usd: Decimal | float = inf
    """Answers whose price is not known count nothing."""
    calls: float = inf
    seconds: float = inf
    """From the first request on."""


class Budget:
    """Counts what a run uses; several models and tasks may share one."""

    def __init__(self, limits: BudgetLimits, prices: Prices | None = None) -> None:
        self.limits = limits
        self.used = NO_USAGE
        self.cost_usd = Decimal(0)
        self._prices = prices or ListPrices()
        self.calls = 0
        """Requests that were begun, answered or not."""
        self._ends = inf
        self._was_spent = False

    def begin(self) -> float:
        """Count a request that begins; when it must be over, by `anyio.current_time`.

        Raises:
            BudgetSpent: Nothing is left for it.
        """
        self._start()
        for name, used, most in self._counts():
            if used >= most:
                raise BudgetSpent(f"The run may use {most:g} {name}, and has used {used:g}.")
        if anyio.current_time() >= self._ends:
            raise self.out_of_time()
        self.calls += 1
        return self._ends

    def recall(self, reply: Reply) -> None:
        """Count a request that was answered before, in a run that is gone on with."""
        self._start()
        self.calls += 1
        self.count(reply)

    def end(self) -> None:
        """It was spent before, in a run that is gone on with."""
        self._was_spent = True

    def _start(self) -> None:
        if self._ends == inf:
            self._ends = anyio.current_time() + self.limits.seconds

    def _counts(self) -> tuple[tuple[str, float, float], ...]:
        limits = self.limits
        return (
            ("calls of a model", self.calls, limits.calls),
            ("tokens", self.used.total_tokens, limits.tokens),
            ("US dollars", float(self.cost_usd), float(limits.cost_usd)),
        )

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left for another request."""
        is_over = self._was_spent or anyio.current_time() >= self._ends
        return is_over or any(used >= most for _, used, most in self._counts())

    def seconds_left(self) -> float:
        """How long requests in another process may take that begin now."""
        self._start()
        return max(0.0, self._ends - anyio.current_time())

    def add(self, usage: Usage, cost_usd: Decimal, calls: int) -> None:
        """Count what was used in another process."""
        self.used = self.used + usage
        self.cost_usd += cost_usd
        self.calls += calls

    def count(self, reply: Reply) -> None:
        """Count what an answer took."""
        self.used = self.used + reply.usage
        self.cost_usd += self._prices.cost(reply) or 0

    def out_of_time(self) -> BudgetSpent:
        """The error for a run that has taken too long."""
        return BudgetSpent(f"The run may take {self.limits.seconds:g} s, and they are over.")


class Budgeted:
    """Asks `model` as long as `budget` lasts: what is begun is finished, but for the time."""

    def __init__(self, model: ChatModel, budget: Budget, *, place: int | None = None) -> None:
        """As described.

        Args:
            model: It may be a budgeted one itself.
            budget: What there is.
            place: As in `BudgetSpent`.
        """
        self.model = model
        self.budget = budget
        self._place = place

    @property
    def keeps_to_schemas(self) -> bool:
        """As that of the model."""
        return keeps_to_schemas(self.model)

    async def reply(self, request: ChatRequest) -> Reply:
        """As `ChatModel.reply`.

        Raises:
            BudgetSpent: Nothing is left, or the time ran out meanwhile.
        """
        ends = self._begin()
        with anyio.move_on_at(ends) as scope:
            reply = await self.model.reply(request)
            self.budget.count(reply)
            return reply
        assert scope.cancelled_caught
        raise self._late()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """As `StreamingModel.stream`."""
        ends = self._begin()
        pieces = ended_by(pieces_of(self.model, request), ends, self._late)
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, Reply):
                    self.budget.count(piece)
                yield piece

    async def aclose(self) -> None:
        """Give up what the model holds."""
        await close(self.model)

    def _begin(self) -> float:
        try:
            return self.budget.begin()
        except BudgetSpent as error:
            error.place = self._place
            raise

    def _late(self) -> BudgetSpent:
        error = self.budget.out_of_time()
        error.place = self._place
        return error
