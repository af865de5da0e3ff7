"""A model whose answers are kept in the journal of a run, and are not asked for twice."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from toolyard.core.errors import BudgetSpent
from toolyard.llm.budget import Budget, Budgeted
from toolyard.llm.chat import ChatRequest, Piece, Reply
from toolyard.llm.chat_model import ChatModel, close, deltas_of, keeps_to_schemas, pieces_of
from toolyard.llm.message import Message
from toolyard.llm.session_json import message_json, reply_json, reply_of
from toolyard.llm.tool_ids import told_apart
from toolyard.storage.journal.journal import BegunStep
from toolyard.storage.journal.json_text import canonical_text
from toolyard.storage.journal.steps import Steps


class JournaledModel:
    """Asks `model` what `steps` do not know yet: each request is one step of kind `model`.

    A model that tries again or falls back on another belongs inside. What is recalled counts in
    `budgets` as it did; what they refused is refused again, whatever is left of them now: who is
    refused depends on who was faster. One of these belongs to one conversation at a time.
    """

    def __init__(
        self,
        model: ChatModel,
        steps: Steps,
        *,
        name: str = "model",
        budgets: Sequence[Budget] = (),
    ) -> None:
        self.model = model
        for place, budget in enumerate(budgets):
            self.model = Budgeted(self.model, budget, place=place)
        self._budgets = budgets
        self._steps = steps
        self._name = name
        self._heard = list[Message]()
        """All messages of the last request, as `_digest` has them."""
        self._digest: str | None = None

    @property
    def keeps_to_schemas(self) -> bool:
        """As that of the model."""
        return keeps_to_schemas(self.model)

    async def reply(self, request: ChatRequest) -> Reply:
        """As `ChatModel.reply`; raises what `OpenRun.step` raises too."""
        step = await self._begin(request)
        if step.is_recalled:
            return self._recalled(step)
        try:
            output = _written(await self.model.reply(request))
        except Exception as error:
            await step.fail(error)
            raise
        return reply_of(await step.finish(output))

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """As `StreamingModel.stream`; a recalled answer comes part by part."""
        step = await self._begin(request)
        if step.is_recalled:
            reply = self._recalled(step)
            for delta in deltas_of(reply.message):
                yield delta
            yield reply
            return
        try:
            async with aclosing(pieces_of(self.model, request)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Reply):
                        piece = reply_of(await step.finish(_written(piece)))
                    yield piece
        except Exception as error:
            if step.output is None:  # else it is the listener's
                await step.fail(error)
            raise

    async def aclose(self) -> None:
        """Give up what the model holds."""
        await close(self.model)

    async def _begin(self, request: ChatRequest) -> BegunStep:
        given = self._input(request)
        try:
            return await self._steps.begin(self._name, kind="model", input=given, repeatable=True)
        except BudgetSpent as error:  # it was refused before
            if error.place is not None:
                self._budgets[error.place].end()
            raise

    def _recalled(self, step: BegunStep) -> Reply:
        reply = reply_of(step.output)
        for budget in self._budgets:
            budget.recall(reply)
        return reply

    def _input(self, request: ChatRequest) -> dict[str, Any]:
        """What the answer depends on, and by what a run that diverges is seen.

        The tools on offer are not in it, nor whether they may be used: they may have been swapped
        since the run was interrupted, and what was answered still stands.
        """
        after, new = self._new_in(request.messages)
        return {
            "after": after,
            "messages": new,
            "output": None if request.output is None else asdict(request.output),
            "settings": asdict(request.settings),
        }

    def _new_in(self, messages: Sequence[Message]) -> tuple[str | None, Sequence[Any]]:
        """What was said since the last request, and a fingerprint of all before.

        A conversation would otherwise be written down as often as it has turns.
        """
        count = len(self._heard)
        if list(messages[:count]) != self._heard:  # it was shortened, or is another one
            count, self._digest = 0, None
        after = self._digest
        new = list(map(message_json, messages[count:]))
        text = f"{after}\n{canonical_text(new, 'conversation')}"
        self._heard, self._digest = list(messages), sha256(text.encode()).hexdigest()
        return after, new


def _written(reply: Reply) -> dict[str, Any]:
    # What a session would tell apart by chance would be told apart otherwise the next time.
    return reply_json(told_apart(reply))
