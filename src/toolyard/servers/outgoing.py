"""What a server writes on a pipe: a message that cannot be written must not end the others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import mcp_types as types
from mcp.shared.dispatcher import coerce_request_id
from mcp.shared.message import SessionMessage

from toolyard.servers.outgoing_lines import SentLines

logger = logging.getLogger("toolyard.servers")

CANCELLED = "notifications/cancelled"

Answer = types.JSONRPCResponse | types.JSONRPCError


class Outgoing:
    """Writes messages as lines, as a stream of the SDK's."""

    def __init__(self, lines: SentLines) -> None:
        self._lines = lines
        self._waiting: set[types.RequestId] = set()
        self._all_answered = anyio.Event()
        self.on_answer: Callable[[Answer], None] = lambda answer: None
        """Told of each answer of the SDK's."""

    def awaits(self, number: types.RequestId) -> bool:
        """Whether a request of this number has no answer yet."""
        return coerce_request_id(number) in self._waiting

    def begin(self, number: types.RequestId) -> None:
        """Note that a request will be answered."""
        self._waiting.add(coerce_request_id(number))

    def expect(self, message: object) -> None:
        """Note that a request will be answered, or that one will not because it is cancelled."""
        if isinstance(message, types.JSONRPCRequest):
            self.begin(message.id)
        elif isinstance(message, types.JSONRPCNotification) and message.method == CANCELLED:
            number: object = (message.params or {}).get("requestId")
            if isinstance(number, int | str):
                self._answered(number)

    async def all_answered(self) -> None:
        """Return once every request has its answer."""
        while self._waiting:
            self._all_answered = anyio.Event()
            await self._all_answered.wait()

    async def send(self, item: SessionMessage) -> None:
        """Send a message; in place of an answer that JSON cannot hold, an error."""
        try:
            line = _line_of(item.message)
        except ValueError:  # as pydantic's errors of serialising are
            logger.exception("a message could not be written")
            number = getattr(item.message, "id", None)
            if number is None or isinstance(item.message, types.JSONRPCRequest):
                return
            said = types.ErrorData(
                code=types.INTERNAL_ERROR, message="The answer cannot be written as JSON."
            )
            line = _line_of(types.JSONRPCError(jsonrpc="2.0", id=number, error=said))
        answer = item.message
        if isinstance(answer, Answer):
            self.on_answer(answer)
        await self._lines.send(line)
        if isinstance(answer, Answer) and answer.id is not None:
            self._answered(answer.id)

    async def answer(self, number: types.RequestId, message: bytes) -> None:
        """Send an answer that is written already."""
        with suppress(anyio.BrokenResourceError):  # nobody reads any more
            await self._lines.send(message + b"\n")
            self._answered(number)

    def _answered(self, number: types.RequestId) -> None:
        self._waiting.discard(coerce_request_id(number))
        self._all_answered.set()

    async def aclose(self) -> None:
        """Nothing: whoever made the lines writes what was sent, and closes them."""

    async def __aenter__(self) -> Outgoing:
        return self

    async def __aexit__(self, *details: Any) -> None:
        await self.aclose()


def _line_of(message: types.JSONRPCMessage) -> bytes:
    return message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
