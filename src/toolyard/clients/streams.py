"""The message streams of a connection, each watched for one thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anyio
import mcp_types as types
from mcp.shared.message import SessionMessage

from toolyard.clients.bounds import TOO_MANY_TOOLS, holds_too_many_tools
from toolyard.clients.posts import Post, sending


class Incoming:
    """What a server says; tells when it has said its last."""

    def __init__(self, stream: Any, on_end: Callable[[], None]) -> None:
        self._stream = stream
        self._on_end = on_end

    @property
    def last_context(self) -> Any:
        """The context variables of whoever sent the message at hand."""
        return getattr(self._stream, "last_context", None)

    async def receive(self) -> Any:
        """The next message."""
        try:
            return _bounded(await self._stream.receive())
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._on_end()
            raise

    def __aiter__(self) -> Incoming:
        return self

    async def __anext__(self) -> Any:
        try:
            return _bounded(await self._stream.__anext__())
        except (StopAsyncIteration, anyio.ClosedResourceError):
            self._on_end()
            raise

    async def aclose(self) -> None:
        """Take no more messages."""
        await self._stream.aclose()

    def close(self) -> None:
        """Take no more messages."""
        self._stream.close()

    async def __aenter__(self) -> Incoming:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *details: Any) -> None:
        await self._stream.__aexit__(*details)


def _bounded(item: Any) -> Any:
    """`item`, or an error in place of a list so long that making tools of it would hold us up."""
    message = getattr(item, "message", None)
    if not isinstance(message, types.JSONRPCResponse) or not holds_too_many_tools(message.result):
        return item
    error = types.ErrorData(code=types.INTERNAL_ERROR, message=TOO_MANY_TOOLS)
    return SessionMessage(types.JSONRPCError(jsonrpc="2.0", id=message.id, error=error))


class Outgoing:
    """What we say.

    Args:
        stream: Takes the messages.
        capabilities: What requests that declare capabilities (2026-07-28) declare in place of
            what the SDK's callbacks say, if anything.
    """

    def __init__(self, stream: Any, capabilities: Mapping[str, Any] | None) -> None:
        self._stream = stream
        self._capabilities = capabilities

    async def send(self, item: SessionMessage) -> None:
        """Send one message."""
        message = item.message
        request = message if isinstance(message, types.JSONRPCRequest) else None
        if request is not None:
            self._declare(request)
        with sending(None if request is None else Post(request.id)):
            await self._stream.send(item)

    def _declare(self, request: types.JSONRPCRequest) -> None:
        meta = (request.params or {}).get("_meta", {})
        if self._capabilities is not None and types.CLIENT_CAPABILITIES_META_KEY in meta:
            meta[types.CLIENT_CAPABILITIES_META_KEY] = self._capabilities

    async def aclose(self) -> None:
        """Say no more."""
        await self._stream.aclose()

    async def __aenter__(self) -> Outgoing:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *details: Any) -> None:
        await self._stream.__aexit__(*details)
