"""The HTTP client behind an MCP connection: one pool, and trouble told apart."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import httpx2
from mcp.client.auth.exceptions import OAuthFlowError

from toolyard.clients import events, posts
from toolyard.clients.bounds import MOST_BYTES, TOO_LARGE, TOO_TANGLED, is_tangled
from toolyard.clients.events import Events
from toolyard.clients.hearing import Hearing
from toolyard.clients.pace import Pace
from toolyard.clients.pool import Pool
from toolyard.clients.posts import Abandoned, Post
from toolyard.clients.trouble import Trouble, note_of

TELLING_S = 10.0
"""How long a server may take to take note of what needs no answer, or of our leaving."""
MOST_ERROR_BYTES = 64 * 1024

NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
)
_UNPACKED = {"Accept-Encoding": "identity"}
"""A packed answer could be a thousand times as large as it looks."""
SESSION = "mcp-session-id"
KEPT_HEADERS = ("content-type", SESSION, "www-authenticate")


def http_client(
    *, headers: Mapping[str, str], auth: httpx2.Auth | None, connect_s: float, hearing: Hearing
) -> TellingClient:
    """A client for one endpoint; whoever gets it closes it.

    Reading an answer has no time limit of its own: every call has a deadline, and a stream of
    notices may be silent for days. Redirects are left to the MCP transport, which stays on the
    origin.
    """
    pool = Pool()
    client = TellingClient(
        headers={**_UNPACKED, **headers},
        auth=auth,
        timeout=httpx2.Timeout(connect_s, read=None, write=30, pool=30),
        transport=_Fetching(pool),
    )
    client.hearing, client.pace, client.pool = hearing, Pace(), pool
    return client


class TellingClient(httpx2.AsyncClient):
    """Turns trouble with a message into a JSON-RPC error that says which trouble it is.

    The SDK would give up the whole connection, with every call on it, when one POST fails.
    """

    hearing: Hearing
    pace: Pace
    pool: Pool
    asked: httpx2.Request | None = None
    """The last request of the protocol; its headers name the session and the revision."""

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a message, open a stream (GET), or end a session (DELETE)."""
        post = posts.current()
        if post is not None:
            return await self._seek(request, options, post)
        if request.method == "GET":
            return await self._listen(request, options)
        with anyio.move_on_after(TELLING_S):
            return await self._ask(request, options)
        # The SDK sends nothing else meanwhile, so that one silence would end the connection.
        return httpx2.Response(202, request=request)

    async def _seek(
        self, request: httpx2.Request, options: Mapping[str, Any], post: Post
    ) -> httpx2.Response:
        """Send a request, or resume the stream on which its answer should have come."""
        try:
            if request.method == "POST":
                self.asked = request
                return await post.during(self._ask(request, options))
            if await post.during(post.may_resume()):
                return await post.during(self._resume(request, options))
            return _ended(request, "its stream ends again and again")
        except Abandoned:
            return _ended(request, "nobody waits for it any more")

    async def _ask(self, request: httpx2.Request, options: Mapping[str, Any]) -> httpx2.Response:
        try:
            answer = await _judged(request, await super().send(request, **options))
            self.hearing.is_due = self.hearing.is_due or SESSION in answer.headers
            return answer
        except OAuthFlowError as error:
            return _note(request, 401, "refused", f"signing in failed ({type(error).__name__})")
        except NOT_SENT as error:
            return _note(request, 503, "unreachable", type(error).__name__)
        except Exception as error:  # whatever HTTP or `auth` runs into ends this message only
            return _note(request, 502, "broken", type(error).__name__)

    async def _resume(self, request: httpx2.Request, options: Mapping[str, Any]) -> httpx2.Response:
        response = await super().send(request, **options)
        return await _streamed(request, response) if response.is_success else response

    async def _listen(self, request: httpx2.Request, options: Mapping[str, Any]) -> httpx2.Response:
        await self.pace.keep()
        try:
            response = await super().send(request, **options)
        except Exception:  # noted on its way out
            self.hearing.failed()
            raise
        if response.status_code == 405:
            self.hearing.none()
            return response
        if not response.is_success:
            self.hearing.failed()
            return response
        if _is_packed(response):
            self.hearing.failed()
        else:
            self.hearing.opened()
        return await _streamed(request, response, self.hearing.doubted)


class _Fetching(httpx2.AsyncBaseTransport):
    """Gives what has come already as the answer to a request, and asks for it otherwise."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer to `request`; raises what `Pool` raises."""
        post = posts.current()
        come = None if post is None else post.fetched()
        if isinstance(come, Exception):
            raise come
        return come or await self._pool.handle_async_request(request)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


async def _judged(request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
    """`response` if it is one of MCP, else a note of what is wrong with it."""
    if response.status_code >= 400:
        return await _judged_error(request, response)
    if response.status_code == 202 or response.is_redirect or request.method == "DELETE":
        return response
    kind = _kind(response)
    if kind == events.KIND:
        return await _streamed(request, response)
    if kind == "application/json":
        return await _whole(request, response)
    await response.aclose()
    said = f"it answers with {kind[:100] or 'nothing'}"
    return _note(request, response.status_code, "absent", said)


def _kind(response: httpx2.Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _streamed(
    request: httpx2.Request,
    response: httpx2.Response,
    on_end: Callable[[], None] = lambda: None,
) -> httpx2.Response:
    """The answer bit by bit, each held to bounds; a refusal if it is packed."""
    if _is_packed(response):
        await response.aclose()
        return _note(request, 502, "broken", PACKED)
    stream = Events(response, posts.current(), _written(200, "broken", TOO_TANGLED), on_end)
    headers = {**_kept(response), "content-type": _kind(response)}
    return httpx2.Response(response.status_code, headers=headers, stream=stream, request=request)


async def _whole(request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
    """The whole answer at once: the SDK does not expect that it may break off."""
    body = await _read(response, MOST_BYTES)
    if body is None:
        return _note(request, 502, "broken", PACKED if _is_packed(response) else TOO_LARGE)
    if is_tangled(body):
        return _note(request, 502, "broken", TOO_TANGLED)
    return httpx2.Response(
        response.status_code, headers=_kept(response), content=body, request=request
    )


async def _judged_error(request: httpx2.Request, response: httpx2.Response) -> httpx2.Response:
    body = await _read(response, MOST_ERROR_BYTES) or b""
    said, answers = (None, False) if is_tangled(body) else _error_in(body)
    status = response.status_code
    trouble = _trouble_of(status, said)
    if SESSION in request.headers:
        trouble = _forgotten(status, said, answers=answers) or trouble
    if trouble is not None:
        return _note(request, status, trouble, said or f"HTTP {status}", _kept(response))
    return httpx2.Response(status, headers=_kept(response), content=body, request=request)


def _trouble_of(status: int, said: str | None) -> Trouble | None:
    """What an error status means; `None` if its body is the protocol's own error."""
    if status in (401, 403):
        return "refused"
    if status in (429, 503):
        return "unreachable"
    if status in (502, 504):
        return "broken"
    if said is not None:
        return None
    return "broken" if status >= 500 else "absent"


NO_SESSION = re.compile(
    r"session\b.{0,60}\b(not found|expired|unknown|invalid|missing|required|does ?n[o']t exist)"
    r"|\b(no valid|missing|invalid|unknown|expired) (mcp.)?session|not initialized",
    re.IGNORECASE,
)
"""How servers say that they do not know a session id."""


def _forgotten(status: int, said: str | None, *, answers: bool) -> Trouble | None:
    """Whether the session is unknown: 404 by the protocol, but many servers say 400."""
    names_it = NO_SESSION.search(said or "") is not None
    if answers:
        return "stale" if names_it and status in (400, 404) else None
    return "session" if status == 404 or (status == 400 and names_it) else None


def _kept(response: httpx2.Response) -> dict[str, str]:
    return {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}


def _note(
    request: httpx2.Request,
    status: int,
    trouble: Trouble,
    said: str,
    headers: Mapping[str, str] | None = None,
) -> httpx2.Response:
    return httpx2.Response(
        max(status, 400),
        headers={**(headers or {}), "content-type": "application/json"},
        content=_written(status, trouble, said),
        request=request,
    )


def _ended(request: httpx2.Request, said: str) -> httpx2.Response:
    """A stream that holds nothing but the end of its request."""
    content = events.last(_written(200, "broken", said))
    return httpx2.Response(
        200, headers={"content-type": events.KIND}, content=content, request=request
    )


def _written(status: int, trouble: Trouble, said: str) -> bytes:
    error = {"code": -32000, "message": said, "data": note_of(trouble, status)}
    return json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()


PACKED = "its answer is compressed, which was not asked for"


def _is_packed(response: httpx2.Response) -> bool:
    return response.headers.get("content-encoding", "identity").lower() != "identity"


async def _read(response: httpx2.Response, most: int) -> bytes | None:
    """The body, or `None` if it is packed or longer than `most` bytes."""
    raw = bytearray()
    try:
        if _is_packed(response):
            return None
        async for part in response.aiter_bytes():
            raw += part
            if len(raw) > most:
                return None
    finally:
        await response.aclose()
    return bytes(raw)


def _error_in(body: bytes) -> tuple[str | None, bool]:
    """The sentence of a JSON-RPC error, if `body` is one, and whether it answers our request.

    All our requests have whole numbers; who does not get to read one gives another id, or none.
    """
    try:
        answer: Any = json.loads(body)
        return str(answer["error"]["message"])[:500], isinstance(answer.get("id"), int)
    except (ValueError, LookupError, TypeError):
        return None, False
