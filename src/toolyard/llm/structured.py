"""An answer of a given type: asked for, read, and asked for again where it does not fit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from toolyard.core.errors import ExtractionError
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.message import Message, system, user
from toolyard.llm.output_shape import OutputShape
from toolyard.llm.unfit import again, refuse_broken, unfit


async def ask_for(
    shape: OutputShape,
    request: ChatRequest,
    ask: Callable[[ChatRequest], Awaitable[Reply]],
    *,
    tries: int,
    is_kept_to_it: bool,
) -> tuple[Any, Reply]:
    """The value, and the answer that it was read from.

    Args:
        shape: What the value must be.
        request: The question, without the schema.
        ask: Has it answered.
        tries: How often, 1 or more; the model is told what did not fit.
        is_kept_to_it: Whether the provider sees to the schema, so that the model need not be told.

    Raises:
        UnfitReply: No answer fitted, or the last was cut off or a refusal.
        ContentFiltered: The provider cut the answer off.
        ModelError: There was none.
    """
    messages = request.messages
    if not is_kept_to_it:
        messages = _instructed(messages, shape.instructions)
    request = replace(request, messages=messages, output=shape.output)
    while True:
        reply = await ask(request)
        refuse_broken(reply)
        try:
            return shape.read(reply.text), reply
        except ExtractionError as error:
            tries -= 1
            if tries <= 0:
                raise unfit(error, reply.text) from error
            said = (reply.message,) if reply.message.parts else ()
            request = replace(request, messages=(*request.messages, *said, user(again(error))))


def _instructed(messages: Sequence[Message], text: str) -> list[Message]:
    """`messages` with `text` at the end of what the system says."""
    if messages and messages[0].role == "system":
        return [system(f"{messages[0].text}\n\n{text}"), *messages[1:]]
    return [system(text), *messages]
