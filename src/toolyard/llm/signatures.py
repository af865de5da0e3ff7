"""Signatures of thoughts: whom they are good for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from toolyard.core.content import Text
from toolyard.llm.chat import ChatRequest
from toolyard.llm.message import Message, Part, Reasoning, ToolUse


def for_model(request: ChatRequest, model: str) -> ChatRequest:
    """`request` without the signatures of other models: only who made one can read it.

    Args:
        request: With messages that say which model said them, as far as that is known.
        model: Who is asked now, as `PROVIDER:MODEL`.
    """
    if all(message.model in ("", model) for message in request.messages):
        return request
    return replace(request, messages=[_for(message, model) for message in request.messages])


def _for(message: Message, model: str) -> Message:
    if message.model in ("", model):
        return message
    return replace(message, parts=tuple(_unsigned(message)))


def _unsigned(message: Message) -> Iterator[Part]:
    for part in message.parts:
        if isinstance(part, Text):
            yield replace(part, meta=None)
        elif isinstance(part, ToolUse):
            yield replace(part, signature=None)
        elif not isinstance(part, Reasoning):
            yield part
