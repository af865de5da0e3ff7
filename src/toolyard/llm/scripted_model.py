"""Models that need no provider: one says what it was told to, one what it hears."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import replace

from toolyard.core.content import Text
from toolyard.core.errors import ModelError
from toolyard.llm.chat import ChatRequest, Piece, Reply, TextDelta
from toolyard.llm.chat_model import deltas_of
from toolyard.llm.message import Message, ToolUse, assistant
from toolyard.llm.token_estimate import tokens_in
from toolyard.llm.usage import Usage

Line = str | Message | Reply | ToolUse | ModelError | Callable[[ChatRequest], "Line"]
"""What a scripted model answers, raises, or makes of the request."""


class ScriptedModel:
    """Gives the `lines` of its script, one for each request, in order.

    Its `requests` are kept. Whoever asks for more than there are lines gets a `ModelError`.
    """

    def __init__(self, *lines: Line, model: str = "scripted") -> None:
        self.requests: list[ChatRequest] = []
        self._lines = deque(lines)
        self._model = model

    async def reply(self, request: ChatRequest) -> Reply:
        """As `ChatModel.reply`."""
        self.requests.append(request)
        if not self._lines:
            raise ModelError(f"The script ended after {len(self.requests) - 1} answers.")
        return _said(self._lines.popleft(), request, self._model)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """As `StreamingModel.stream`: text comes word by word."""
        for piece in _pieces(await self.reply(request)):
            yield piece


class EchoModel:
    """Says what the user said last: for trying things out without a key."""

    async def reply(self, request: ChatRequest) -> Reply:
        """As `ChatModel.reply`."""
        heard = [message.text for message in request.messages if message.role == "user"]
        return _said(heard[-1] if heard else "", request, "echo")

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
        """As `StreamingModel.stream`: text comes word by word."""
        for piece in _pieces(await self.reply(request)):
            yield piece


def _said(line: Line, request: ChatRequest, model: str) -> Reply:
    if isinstance(line, ModelError):
        raise line
    if isinstance(line, str | ToolUse):
        return _said(assistant(line), request, model)
    if isinstance(line, Message):
        finish = "tool_use" if line.tool_uses else "stop"
        return Reply(line, _estimated(request, line), finish, model)
    if isinstance(line, Reply):
        return line if line.model else replace(line, model=model)
    return _said(line(request), request, model)


def _estimated(request: ChatRequest, said: Message) -> Usage:
    heard = sum(tokens_in(message) for message in request.messages)
    return Usage(input_tokens=heard, output_tokens=tokens_in(said))


def _pieces(reply: Reply) -> Iterator[Piece]:
    if all(isinstance(part, Text) for part in reply.message.parts):
        yield from map(TextDelta, _words(reply.text))
    else:
        yield from deltas_of(reply.message)
    yield reply


def _words(text: str) -> Iterator[str]:
    """`text` cut before each word, so that all together are the text."""
    words = text.split(" ")
    yield from (word if at == 0 else f" {word}" for at, word in enumerate(words) if word or at)
