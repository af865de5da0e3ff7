"""The SDK's streams of messages, with a shorter way to a server for calls of tools."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import Context, copy_context
from functools import partial
from typing import Any

import anyio
import mcp_types as types
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import ClientMessageMetadata, SessionMessage
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from toolyard.clients import posts
from toolyard.clients.direct import Direct, Headers, Said, message_in
from toolyard.clients.http import TellingClient
from toolyard.clients.posts import Abandoned, Come, Post
from toolyard.clients.questions import cancelled

Heard = tuple[Context | None, Any]
GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError)


@asynccontextmanager
async def shortened(
    incoming: Any, outgoing: Any, http: TellingClient, url: str
) -> AsyncGenerator[tuple[Incoming, Shortcut]]:
    """The streams of the SDK's HTTP transport to `url`, with a shorter way for calls of tools.

    What is answered plainly does not see that transport; everything else does.
    """
    heard, hearing = anyio.create_memory_object_stream[Heard]()
    async with heard, hearing, anyio.create_task_group() as tasks:
        tasks.start_soon(_pass_on, incoming, heard)
        yield Incoming(hearing), Shortcut(Direct(http, url, tasks), outgoing, heard, tasks)
        tasks.cancel_scope.cancel()


async def _pass_on(incoming: Any, heard: MemoryObjectSendStream[Heard]) -> None:
    async with heard:
        with suppress(*GONE):
            async for item in incoming:
                await heard.send((incoming.last_context, item))


class Incoming:
    """What comes on either way."""

    def __init__(self, stream: MemoryObjectReceiveStream[Heard]) -> None:
        self._stream = stream
        self.last_context: Context | None = None
        """The context variables of whoever sent the message at hand."""

    def __aiter__(self) -> Incoming:
        return self

    async def __anext__(self) -> Any:
        self.last_context, item = await anext(self._stream)
        return item

    def close(self) -> None:
        """Take no more messages."""
        self._stream.close()

    async def aclose(self) -> None:
        """Take no more messages."""
        self._stream.close()

    async def __aenter__(self) -> Incoming:
        return self

    async def __aexit__(self, *details: object) -> None:
        self._stream.close()


class Shortcut:
    """Sends each message the shortest way.

    Args:
        direct: That way.
        outgoing: The SDK's.
        heard: Takes the answers.
        tasks: Each call that is under way is one of them.
    """

    def __init__(
        self,
        direct: Direct,
        outgoing: Any,
        heard: MemoryObjectSendStream[Heard],
        tasks: TaskGroup,
    ) -> None:
        self.direct = direct
        self._outgoing = outgoing
        self._heard = heard
        self._tasks = tasks
        self._calls: dict[types.RequestId, anyio.CancelScope] = {}

    async def send(self, item: SessionMessage) -> None:
        """Send one message."""
        message, post = item.message, posts.current()
        if isinstance(message, types.JSONRPCRequest) and post is not None:
            headers = None if post.has_come else self._headers_of(item)
            if message.method == "tools/call" and headers is not None:
                body = message.model_dump_json(by_alias=True, exclude_unset=True).encode()
                ask = partial(self.direct.ask, message.id, headers, body, message_in)
                self._calls[message.id] = anyio.CancelScope()
                self._tasks.start_soon(self._call, message.id, ask, item, post)
                return
        self._end_call(cancelled(message))
        await self._outgoing.send(item)

    def _end_call(self, number: types.RequestId | None) -> None:
        """End a call that nobody waits for; before 2026-07-28, the server is told and decides."""
        if number in self._calls and self.direct.version in MODERN_PROTOCOL_VERSIONS:
            self._calls[number].cancel()

    def _headers_of(self, item: SessionMessage) -> Headers | None:
        """All headers of a message; `None` if it must go the SDK's way."""
        metadata = item.metadata
        if not isinstance(metadata, ClientMessageMetadata) or metadata.headers is None:
            return None
        if metadata.resumption_token is not None:
            return None
        return self.direct.headers(metadata.headers)

    async def _call(
        self,
        number: types.RequestId,
        ask: Callable[[], Awaitable[Said | Come]],
        item: SessionMessage,
        post: Post,
    ) -> None:
        """Call a tool; what comes, or goes wrong, in another way is left to the SDK's transport."""
        try:
            with self._calls[number], suppress(Abandoned, *GONE):
                come = await post.during(ask())
                if isinstance(come, types.JSONRPCResponse | types.JSONRPCError):
                    await self._heard.send((copy_context(), SessionMessage(come)))
                    return
                async with post.passing_on(come):
                    await self._outgoing.send(item)
        finally:
            del self._calls[number]

    async def aclose(self) -> None:
        """Say no more."""
        await self._outgoing.aclose()

    async def __aenter__(self) -> Shortcut:
        await self._outgoing.__aenter__()
        return self

    async def __aexit__(self, *details: Any) -> None:
        await self._outgoing.__aexit__(*details)
