"""The shortest way of a request to a server and back: past the SDK, in the task that asks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar, cast

import anyio
import httpx2
import mcp_types as types
from anyio.abc import TaskGroup
from mcp.shared.dispatcher import coerce_request_id
from pydantic_core import from_json

from toolyard.clients.bounds import MOST_BYTES, is_tangled
from toolyard.clients.http import TellingClient
from toolyard.clients.http_answer import Answer
from toolyard.clients.http_link import Asked
from toolyard.clients.pool import origin_of
from toolyard.clients.posts import Come

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
_RESULT = {"jsonrpc", "id", "result"}
_REDIRECTS = (301, 302, 303, 307, 308)

Said = types.JSONRPCResponse | types.JSONRPCError
Read = TypeVar("Read", bound="Message")
Headers = Sequence[tuple[bytes, bytes]]


class Message(Protocol):
    """An answer, however it is read."""

    @property
    def id(self) -> types.RequestId | None:
        """That of the request, if it could be told."""
        ...


class Direct:
    """Asks the server at a URL.

    Args:
        http: Knows the session and the revision once the SDK has asked something with it.
        url: Where the server is.
        tasks: Streams that go on after their answer end here.
    """

    def __init__(self, http: TellingClient, url: str, tasks: TaskGroup) -> None:
        self._http = http
        self._url = httpx2.URL(url)
        self._origin = origin_of(self._url)
        self._tasks = tasks
        self._model: httpx2.Request | None = None
        self.version: str | None = None
        """The revision that the SDK last named."""
        self._headers: Mapping[bytes, tuple[bytes, bytes]] = {}

    def headers(self, own: Mapping[str, str]) -> Headers | None:
        """All headers of a request with these of its own; `None` if it must go the SDK's way."""
        model = self._http.asked
        if model is None or len(self._http.cookies):
            return None
        if model is not self._model:
            self._learn(model)
        if own.get(VERSION) != self.version:
            return None
        pairs = [(name.encode("ascii"), text.encode()) for name, text in own.items()]
        return tuple({**self._headers, **{pair[0].lower(): pair for pair in pairs}}.values())

    def _learn(self, model: httpx2.Request) -> None:
        """Take over what all requests have in common from one that the SDK has made."""
        headers = httpx2.Headers(self._http.headers)
        headers.update(
            {name: model.headers[name] for name in KEPT_HEADERS if name in model.headers}
        )
        self._model, self.version = model, model.headers.get(VERSION)
        self._headers = {pair[0].lower(): pair for pair in headers.raw}

    async def ask(
        self,
        number: types.RequestId,
        headers: Headers,
        body: bytes,
        message_in: Callable[[bytes | bytearray], Read | None],
    ) -> Read | Come:
        """The answer to the request `body` with the id `number`, or whatever came instead.

        Args:
            number: Of no other request that is under way.
            headers: From `headers`.
            body: What is sent.
            message_in: Reads the answer; `None` if the SDK should see what came.
        """
        try:
            limits = self._http.timeout
            asked = Asked(
                b"POST",
                self._url.raw_path,
                headers,
                body,
                limits.connect,
                limits.write,
                limits.read,
            )
            answer, stream = await self._http.pool.ask(self._origin, asked)
            try:
                come = await _read(number, answer, stream, message_in)
            except BaseException:  # a cancellation above all: it ends the call on the server
                await stream.aclose()
                raise
        except Exception as error:  # raised again where the SDK asks for the answer
            return error
        if isinstance(come, httpx2.Response):
            return come
        if any(name.lower() == b"set-cookie" for name, _ in answer.headers):
            self._keep_cookies(answer)
        if answer.is_over or self._tasks.cancel_scope.cancel_called:
            await stream.aclose()
        else:
            self._tasks.start_soon(_leave, stream)
        return come

    def _keep_cookies(self, answer: Answer) -> None:
        request = httpx2.Request("POST", self._url)
        response = httpx2.Response(answer.status, headers=answer.headers, request=request)
        self._http.cookies.extract_cookies(response)


async def _leave(stream: httpx2.AsyncByteStream) -> None:
    """Wait for a stream's end, which should come now: then its connection is free again."""
    try:
        with anyio.move_on_after(ENDING_S), suppress(httpx2.TransportError):
            await anext(aiter(stream), None)
    finally:
        await stream.aclose()


async def _read(
    number: types.RequestId,
    answer: Answer,
    stream: httpx2.AsyncByteStream,
    message_in: Callable[[bytes | bytearray], Read | None],
) -> Read | httpx2.Response:
    """The message that is all, or the first, that was said; anything else as it came."""
    headers = {name.lower(): value for name, value in answer.headers}
    text = said = bytearray()
    if _has_message(answer.status, headers):
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind == b"application/json":
            text = said = await _beginning(stream, MOST_BYTES, _announced(headers))
        elif kind == b"text/event-stream":
            text = await _beginning(stream, MOST_OF_EVENT, suffices=_is_event)
            said = found[1] if (found := _EVENT.match(text)) else b""
    message = message_in(said) if 0 < len(said) <= MOST_BYTES else None
    if message is None or message.id is None or coerce_request_id(message.id) != number:
        whole = _Whole(text, stream)
        return httpx2.Response(answer.status, headers=answer.headers, stream=whole)
    return message


def _has_message(status: int, headers: Mapping[bytes, bytes]) -> bool:
    """Whether the SDK would read a message here: then we have to, as it does not know our id."""
    is_elsewhere = status in _REDIRECTS and b"location" in headers
    is_packed = headers.get(b"content-encoding", b"identity").lower() != b"identity"
    return status < 400 and status != 202 and not is_elsewhere and not is_packed


def _announced(headers: Mapping[bytes, bytes]) -> int:
    """How many bytes the body has, as far as that is said and can be believed."""
    length = headers.get(b"content-length", b"")
    return min(int(length), MOST_BYTES) if length.isdigit() and len(length) < 20 else 0


async def _beginning(
    stream: httpx2.AsyncByteStream,
    most: int,
    announced: int = 0,
    suffices: Callable[[bytearray], bool] | None = None,
) -> bytearray:
    """The whole body, as much of it as `suffices`, or a little more than `most` bytes.

    It need not be copied as it grows if it has as many bytes as `announced`.
    """
    body, size = bytearray(announced), 0
    async for part in stream:
        body[size : size + len(part)] = part
        size += len(part)
        if size > most or (suffices is not None and suffices(body)):
            break
    del body[size:]
    return body


def _is_event(text: bytearray) -> bool:
    return b"\n\n" in text or b"\n\r\n" in text


def message_in(text: bytes | bytearray) -> Said | None:
    """The answer in `text`, which nobody has looked at, if it is one."""
    if is_tangled(text):
        return None
    try:
        message = _result_in(text) or types.jsonrpc_message_adapter.validate_json(
            text, by_name=False
        )
    except ValueError:
        return None
    return message if isinstance(message, types.JSONRPCResponse | types.JSONRPCError) else None


def _result_in(text: bytes | bytearray) -> types.JSONRPCResponse | None:
    """A message that can be nothing else; trying all kinds takes several times as long."""
    said: Any = from_json(text)
    if not isinstance(said, dict) or cast("dict[str, Any]", said).keys() != _RESULT:
        return None
    return types.JSONRPCResponse.model_validate(said, by_name=False)


class _Whole(httpx2.AsyncByteStream):
    """A body of which the beginning was read already."""

    def __init__(self, beginning: bytearray, rest: httpx2.AsyncByteStream) -> None:
        self._beginning = beginning
        self._rest = rest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._beginning:
            yield bytes(self._beginning)
        async for part in self._rest:
            yield part

    async def aclose(self) -> None:
        await self._rest.aclose()
