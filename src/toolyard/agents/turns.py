"""The turns of a model in one run: each is asked for, listened to and told of."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import NamedTuple

from toolyard.agents.spans import RunSpan
from toolyard.agents.telling import Telling
from toolyard.agents.waiting import Waiting
from toolyard.core.tool import Tool
from toolyard.events.agent_events import (
    LLMCallCompleted,
    LLMCallStarted,
    LLMContentDelta,
    LLMReasoningDelta,
)
from toolyard.llm.chat import (
    OutputSchema,
    Piece,
    ReasoningDelta,
    Reply,
    TextDelta,
    ToolChoice,
)
from toolyard.llm.prices import difference
from toolyard.llm.session import LLMSession, Said

NOTHING = Reply.of("")


class Question(NamedTuple):
    """What the model is asked in one turn."""

    said: Sequence[Said]
    """Nothing more than what it was told already, if it is empty."""
    tools: Sequence[Tool]
    tool_choice: ToolChoice
    output: OutputSchema | None
    hears: bool
    """Whether it hears what others said meanwhile; not where what is said now will be forgotten."""


class Turns:
    """Asks the model of one conversation, one turn after the other."""

    def __init__(
        self, session: LLMSession, inbox: list[str], telling: Telling, span: RunSpan
    ) -> None:
        """As described.

        Args:
            session: The conversation.
            inbox: What others say to the agent meanwhile: it is said with the next question.
            telling: Told of each turn.
            span: That of the run.
        """
        self._session = session
        self._inbox = inbox
        self._telling = telling
        self._span = span
        self._waiting = Waiting(telling)
        self.count = 0
        """Those that are over."""
        self.last = NOTHING
        """What the model answered in the last of them."""

    async def ask(self, question: Question) -> None:
        """Have `question` answered as a whole."""
        began, cost, heard = self._begin(question)
        used = self._session.usage
        answer = self._session.send(
            *question.said,
            *heard,
            tools=question.tools,
            tool_choice=question.tool_choice,
            output=question.output,
        )
        try:
            self.last = await self._span.around(self._waiting.on(answer))
        finally:
            if self._session.usage is used:  # the model has heard nothing of it
                self._inbox[:0] = heard
        self._end(began, cost)

    async def listen(self, question: Question) -> AsyncGenerator[Piece, None]:
        """As `ask`, piece by piece."""
        began, cost, heard = self._begin(question)
        is_answered = False
        stream = self._session.stream(
            *question.said,
            *heard,
            tools=question.tools,
            tool_choice=question.tool_choice,
            output=question.output,
        )
        try:
            async with aclosing(stream) as pieces:
                while True:
                    piece = await self._span.around(self._waiting.on(anext(pieces, None)))
                    if piece is None:
                        break
                    if isinstance(piece, Reply):
                        self.last, is_answered = piece, True
                    self._hear(piece)
                    yield piece
        finally:
            if not is_answered:
                self._inbox[:0] = heard
        self._end(began, cost)

    def _begin(self, question: Question) -> tuple[float, Decimal | None, Sequence[str]]:
        self._telling.tell(LLMCallStarted, iteration=self.count + 1)
        began = time.perf_counter()
        self._waiting.begin(self.count + 1, began)
        heard = tuple(self._inbox) if question.hears else ()
        del self._inbox[: len(heard)]
        return began, self._session.cost_usd, heard

    def _hear(self, piece: Piece) -> None:
        if isinstance(piece, TextDelta):
            self._telling.tell(LLMContentDelta, iteration=self.count + 1, text=piece.text)
        elif isinstance(piece, ReasoningDelta):
            self._telling.tell(LLMReasoningDelta, iteration=self.count + 1, text=piece.text)

    def _end(self, began: float, cost: Decimal | None) -> None:
        self.count += 1
        if not self._telling.is_heard(LLMCallCompleted):
            return
        reply, usage = self.last, self.last.usage
        cost = difference(cost, self._session.cost_usd)
        self._telling.tell(
            LLMCallCompleted,
            iteration=self.count,
            model=reply.model,
            tokens_used=usage.total_tokens,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=None if cost is None else float(cost),
            response_length=len(reply.text.encode("utf-8", "surrogatepass")),
            duration_s=time.perf_counter() - began,
        )
