"""What a model is to everything else here: something that replies to a request."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Protocol, runtime_checkable

from toolyard.core.content import Text
from toolyard.llm.chat import ChatRequest, Piece, ReasoningDelta, Reply, TextDelta, ToolUseDelta
from toolyard.llm.message import Message, Reasoning, ToolUse


class ChatModel(Protocol):
    """Whoever has this one method is a model."""

    async def reply(self, request: ChatRequest) -> Reply:
        """The whole answer.

        Raises:
            ModelError: There is none; the kind of error says whether to try again.
        """
        ...


@runtime_checkable
class StreamingModel(ChatModel, Protocol):
    """A model that can be listened to while it speaks."""

    def stream(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """The answer piece by piece, the whole `Reply` at the end; closing it ends the request.

        Raises:
            ModelError: As `reply`, also after some pieces.
        """
        ...


async def pieces_of(model: ChatModel, request: ChatRequest) -> AsyncGenerator[Piece, None]:
    """The answer of any model as a stream; one that cannot stream says each part at once."""
    if isinstance(model, StreamingModel):
        async with aclosing(model.stream(request)) as pieces:
            async for piece in pieces:
                yield piece
        return
    reply = await model.reply(request)
    for delta in deltas_of(reply.message):
        yield delta
    yield reply


def deltas_of(message: Message) -> Iterator[Piece]:
    """A message as the deltas it could have come in, one for each part."""
    index = 0
    for part in message.parts:
        if isinstance(part, Text):
            yield TextDelta(part.text)
        elif isinstance(part, Reasoning):
            yield ReasoningDelta(part.text)
        elif isinstance(part, ToolUse):
            written = part.malformed or json.dumps(part.arguments, ensure_ascii=False)
            yield ToolUseDelta(index, part.id, part.name, written)
            index += 1


def keeps_to_schemas(model: ChatModel) -> bool:
    """Whether the provider of `model` sees to it that an answer matches `ChatRequest.output`."""
    return getattr(model, "keeps_to_schemas", False)


async def close(model: ChatModel) -> None:
    """Give up what `model` holds, if it is of those that hold something, such as connections."""
    closing: Callable[[], Awaitable[None]] | None = getattr(model, "aclose", None)
    if closing is not None:
        await closing()
