"""Several models as one: the next is asked where the one before gives no answer."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from toolyard.core.errors import BudgetSpent, InvalidRequest, ModelError, QuotaSpent
from toolyard.llm.chat import ChatRequest, Piece, Reply
from toolyard.llm.chat_model import ChatModel, close, keeps_to_schemas, pieces_of

logger = logging.getLogger("toolyard.llm")

FATAL = (InvalidRequest, BudgetSpent)
"""What another model would not mend."""


class Fallback:
    """Asks the first of `models`, and on an error the next; a stream, until it has begun.

    A request that is wrong in itself, or a budget that is spent, ends it at once. Retries belong
    around each model: `Fallback(Retrying(one), Retrying(other))`.

    Raises:
        ValueError: There are no models.
    """

    def __init__(self, *models: ChatModel) -> None:
        if not models:
            raise ValueError("A fallback needs at least one model.")
        self.models = models

    @property
    def keeps_to_schemas(self) -> bool:
        """Whether all of them do."""
        return all(map(keeps_to_schemas, self.models))

    async def reply(self, request: ChatRequest) -> Reply:
        """As `ChatModel.reply`; the error of the last is raised."""
        for model in self.models[:-1]:
            try:
                return await model.reply(request)
            except FATAL:
                raise
            except ModelError as error:
                _say(error)
        return await self.models[-1].reply(request)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """As `StreamingModel.stream`."""
        for model in self.models:
            begun = False
            try:
                async with aclosing(pieces_of(model, request)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
                    return
            except FATAL:
                raise
            except ModelError as error:
                if begun or model is self.models[-1]:
                    raise
                _say(error)

    async def aclose(self) -> None:
        """Give up what the models hold."""
        for model in self.models:
            await close(model)


def _say(error: ModelError) -> None:
    grave = logging.ERROR if isinstance(error, QuotaSpent) else logging.WARNING
    logger.log(grave, "a model gave no answer (%s), so the next is asked: %s", error.code, error)
