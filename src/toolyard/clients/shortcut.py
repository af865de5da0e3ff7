"""The shortest way of a call to a server and back, past most of the SDK's HTTP transport."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from contextvars import Context, copy_context
from dataclasses import dataclass
from typing import Any

import anyio
import httpx2
import mcp_types as types
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import ClientMessageMetadata, SessionMessage
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from toolyard.clients import posts
from toolyard.clients.bounds import MOST_BYTES, is_tangled
from toolyard.clients.http import TellingClient
from toolyard.clients.http_answer import Answer
from toolyard.clients.http_link import Asked
from toolyard.clients.pool import origin_of
from toolyard.clients.posts import Abandoned, Post
from toolyard.clients.questions import cancelled

VERSION = "mcp-protocol-version"
KEPT_HEADERS = ("host", "accept", "content-type", "mcp-session-id")
"""Of the SDK's own requests: they are the same for all."""
MOST_OF_EVENT = 64 * 1024
"""Of a stream of events, to find an answer at its very beginning."""
ENDING_S = 0.2
"""How long a stream may go on after the answer until its connection is given up."""
_EVENT = re.compile(
    rb"(?:(?:event: ?message|id: ?[^\r\n\0]*)\r?\n){0,2}data: ?([^\r\n]+)\r?\n\r?\n"
)
_DEMANDING = {b"content-encoding", b"set-cookie"}
"""Headers of an answer that ask for more than to read it."""

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
        yield Incoming(hearing), Shortcut(http, url, outgoing, heard, tasks)
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
        http: Knows the session and the revision once the SDK has asked something with it.
        url: Where the server is.
        outgoing: The SDK's way.
        heard: Takes the answers.
        tasks: Each call that is under way is one of them.
    """

    def __init__(
        self,
        http: TellingClient,
        url: str,
        outgoing: Any,
        heard: MemoryObjectSendStream[Heard],
        tasks: TaskGroup,
    ) -> None:
        self._http = http
        self._url = httpx2.URL(url)
        self._origin = origin_of(self._url)
        self._outgoing = outgoing
        self._heard = heard
        self._tasks = tasks
        self._calls: dict[types.RequestId, anyio.CancelScope] = {}
        self._model: httpx2.Request | None = None
        self._version: str | None = None
        self._headers: Mapping[bytes, tuple[bytes, bytes]] = {}

    async def send(self, item: SessionMessage) -> None:
        """Send one message."""
        message, post = item.message, posts.current()
        if isinstance(message, types.JSONRPCRequest) and post is not None:
            headers = self._headers_of(item)
            if message.method == "tools/call" and headers is not None:
                scope = self._calls[message.id] = anyio.CancelScope()
                self._tasks.start_soon(self._call, message, headers, item, post, scope)
                return
        self._end_call(cancelled(message))
        await self._outgoing.send(item)

    def _end_call(self, number: types.RequestId | None) -> None:
        """End a call that nobody waits for; before 2026-07-28, the server is told and decides."""
        if number in self._calls and self._version in MODERN_PROTOCOL_VERSIONS:
            self._calls[number].cancel()

    def _headers_of(self, item: SessionMessage) -> Mapping[bytes, tuple[bytes, bytes]] | None:
        """By their names in lower case; `None` if the message must go the SDK's way."""
        metadata, model = item.metadata, self._http.asked
        if not isinstance(metadata, ClientMessageMetadata) or metadata.headers is None:
            return None
        if model is None or metadata.resumption_token is not None or len(self._http.cookies):
            return None
        if model is not self._model:
            self._learn(model)
        if metadata.headers.get(VERSION) != self._version:
            return None
        own = [(name.encode("ascii"), text.encode()) for name, text in metadata.headers.items()]
        return {**self._headers, **{pair[0].lower(): pair for pair in own}}

    def _learn(self, model: httpx2.Request) -> None:
        """Take over what all requests have in common from one that the SDK has made."""
        headers = httpx2.Headers(self._http.headers)
        headers.update(
            {name: model.headers[name] for name in KEPT_HEADERS if name in model.headers}
        )
        self._model, self._version = model, model.headers.get(VERSION)
        self._headers = {pair[0].lower(): pair for pair in headers.raw}

    async def _call(
        self,
        request: types.JSONRPCRequest,
        headers: Mapping[bytes, tuple[bytes, bytes]],
        item: SessionMessage,
        post: Post,
        scope: anyio.CancelScope,
    ) -> None:
        """Call a tool; what comes, or goes wrong, in another way is left to the SDK's transport."""
        try:
            with scope, suppress(Abandoned, *GONE):
                come = await post.during(self._answer(request, headers))
                if isinstance(come, _Message):
                    await self._take(come)
                    return
                async with post.passing_on(come):
                    await self._outgoing.send(item)
        finally:
            if self._calls.get(request.id) is scope:
                del self._calls[request.id]

    async def _take(self, message: _Message) -> None:
        """Tell of an answer; its stream should end now, and then its connection is free again."""
        try:
            await self._heard.send((copy_context(), SessionMessage(message.said)))
            with anyio.move_on_after(ENDING_S), suppress(httpx2.TransportError):
                await anext(aiter(message.stream), None)
        finally:
            await message.stream.aclose()

    async def _answer(
        self, request: types.JSONRPCRequest, headers: Mapping[bytes, tuple[bytes, bytes]]
    ) -> _Message | httpx2.Response | Exception:
        try:
            limits = self._http.timeout
            body = request.model_dump_json(by_alias=True, exclude_unset=True).encode()
            asked = Asked(
                b"POST",
                self._url.raw_path,
                tuple(headers.values()),
                body,
                limits.connect,
                limits.write,
                limits.read,
            )
            answer, stream = await self._http.pool.ask(self._origin, asked)
            try:
                return await _read(request, answer, stream)
            except BaseException:
                await stream.aclose()
                raise
        except Exception as error:  # raised again where the SDK asks for the answer
            return error

    async def aclose(self) -> None:
        """Say no more."""
        await self._outgoing.aclose()

    async def __aenter__(self) -> Shortcut:
        await self._outgoing.__aenter__()
        return self

    async def __aexit__(self, *details: Any) -> None:
        await self._outgoing.__aexit__(*details)


@dataclass(frozen=True, slots=True)
class _Message:
    """The answer to a call."""

    said: types.JSONRPCResponse | types.JSONRPCError
    stream: httpx2.AsyncByteStream
    """Not yet closed."""


async def _read(
    request: types.JSONRPCRequest, answer: Answer, stream: httpx2.AsyncByteStream
) -> _Message | httpx2.Response:
    """The message that is all, or the first, that was said; anything else as it came."""
    headers = {name.lower(): value for name, value in answer.headers}
    text = said = b""
    if answer.status == 200 and not headers.keys() & _DEMANDING:
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind == b"application/json":
            text = said = await _beginning(stream, MOST_BYTES)
        elif kind == b"text/event-stream":
            text = await _beginning(stream, MOST_OF_EVENT, _is_event)
            said = found[1] if (found := _EVENT.match(text)) else b""
    message = _message_in(said) if 0 < len(said) <= MOST_BYTES else None
    if message is None or message.id != request.id:
        whole = _Whole(text, stream)
        return httpx2.Response(answer.status, headers=answer.headers, stream=whole)
    return _Message(message, stream)


async def _beginning(
    stream: httpx2.AsyncByteStream, most: int, suffices: Callable[[bytes], bool] | None = None
) -> bytes:
    """The whole body, as much of it as `suffices`, or a little more than `most` bytes."""
    parts: list[bytes] = []
    size = 0
    async for part in stream:
        parts.append(part)
        size += len(part)
        if size > most or (suffices is not None and suffices(b"".join(parts))):
            break
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _is_event(text: bytes) -> bool:
    return b"\n\n" in text or b"\n\r\n" in text


def _message_in(text: bytes) -> types.JSONRPCResponse | types.JSONRPCError | None:
    if is_tangled(text):
        return None
    try:
        message = types.jsonrpc_message_adapter.validate_json(text, by_name=False)
    except ValidationError:
        return None
    return message if isinstance(message, types.JSONRPCResponse | types.JSONRPCError) else None


class _Whole(httpx2.AsyncByteStream):
    """A body of which the beginning was read already."""

    def __init__(self, beginning: bytes, rest: httpx2.AsyncByteStream) -> None:
        self._beginning = beginning
        self._rest = rest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._beginning:
            yield self._beginning
        async for part in self._rest:
            yield part

    async def aclose(self) -> None:
        await self._rest.aclose()
