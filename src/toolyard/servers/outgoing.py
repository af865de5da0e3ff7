"""What a server writes on a pipe: a message that cannot be written must not end the others."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import anyio
import mcp_types as types
from mcp.shared.message import SessionMessage

logger = logging.getLogger("toolyard.servers")

CANCELLED = "notifications/cancelled"


class Outgoing:
    """Passes messages on as text, made here: the SDK's writer gives up for all that fails."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._waiting: set[types.RequestId] = set()
        self._all_answered = anyio.Event()

    def expect(self, message: object) -> None:
        """Note that a request will be answered, or that one will not because it is cancelled."""
        if isinstance(message, types.JSONRPCRequest):
            self._waiting.add(message.id)
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
            written = _Written.of(item.message)
        except ValueError:  # as pydantic's errors of serialising are
            logger.exception("a message could not be written")
            number = getattr(item.message, "id", None)
            if number is None or isinstance(item.message, types.JSONRPCRequest):
                return
            said = types.ErrorData(
                code=types.INTERNAL_ERROR, message="The answer cannot be written as JSON."
            )
            written = _Written.of(types.JSONRPCError(jsonrpc="2.0", id=number, error=said))
        await self._stream.send(replace(item, message=written))
        answer = item.message
        if isinstance(answer, types.JSONRPCResponse | types.JSONRPCError) and answer.id is not None:
            self._answered(answer.id)

    def _answered(self, number: types.RequestId) -> None:
        self._waiting.discard(number)
        self._all_answered.set()

    async def aclose(self) -> None:
        """Send no more."""
        await self._stream.aclose()

    async def __aenter__(self) -> Outgoing:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *details: Any) -> None:
        await self._stream.__aexit__(*details)


class _Written:
    """A message as the SDK's writer asks for its text."""

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def of(cls, message: Any) -> _Written:
        return cls(message.model_dump_json(by_alias=True, exclude_unset=True))

    def model_dump_json(self, **options: Any) -> str:
        del options
        return self._text
