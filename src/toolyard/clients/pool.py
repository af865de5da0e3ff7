"""Connections to HTTP servers, kept while they may be used again."""

from __future__ import annotations

import ssl
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx2

from toolyard.clients.http_answer import Answer
from toolyard.clients.http_link import Asked, HttpLink

Origin = tuple[str, str, int]
"""Scheme, host and port."""

MOST_IDLE = 100
"""To one origin."""
KEPT_S = 5.0
"""How long a connection is kept that nobody uses; servers hang up a little later."""
_PORTS = {"http": 80, "https": 443}


class Pool(httpx2.AsyncBaseTransport):
    """Sends requests over HTTP/1.1, each on a connection that is its own until it is answered.

    httpx2's own transport takes several times as long for a small request.
    """

    def __init__(self) -> None:
        self._idle: defaultdict[Origin, deque[HttpLink]] = defaultdict(deque)
        """The last one was used last."""
        self._links: set[HttpLink] = set()
        self._tls: ssl.SSLContext | None = None
        self._is_closed = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send `request`; whoever gets the response reads its body and closes it.

        Raises:
            httpx2.TransportError: No answer came; its kind says how far things went.
        """
        limits = request.extensions.get("timeout", {})
        asked = Asked(
            request.method.encode("ascii"),
            request.url.raw_path,
            request.headers.raw,
            await request.aread(),
            *(limits.get(kind) for kind in ("connect", "write", "read")),
        )
        answer, body = await self.ask(origin_of(request.url), asked)
        return httpx2.Response(answer.status, headers=answer.headers, stream=body)

    async def ask(self, origin: Origin, asked: Asked) -> tuple[Answer, httpx2.AsyncByteStream]:
        """The same for less: the beginning of the answer, and its body, to be closed."""
        link = await self._kept(origin) or await self._opened(origin, asked.connect_s)
        try:
            answer = await link.ask(asked)
        except BaseException:  # a cancellation too: what is half read cannot be used again
            await self._end(link)
            raise
        return answer, _Body(link, lambda: self._take_back(origin, link))

    async def aclose(self) -> None:
        """Close every connection; there will be no others."""
        self._is_closed = True
        self._idle.clear()
        for link in tuple(self._links):
            await self._end(link)

    async def _kept(self, origin: Origin) -> HttpLink | None:
        """A connection that was used before and still stands."""
        idle = self._idle[origin]
        while idle and idle[0].idle_s > KEPT_S:
            await self._end(idle.popleft())
        while idle:
            link = idle.pop()
            if not link.is_disturbed():
                return link
            await self._end(link)
        return None

    async def _opened(self, origin: Origin, connect_s: float | None) -> HttpLink:
        scheme, host, port = origin
        if scheme == "https" and self._tls is None:
            self._tls = httpx2.create_ssl_context()
            self._tls.set_alpn_protocols(["http/1.1"])
        tls = self._tls if scheme == "https" else None
        link = await HttpLink.open(host, port, tls, connect_s)
        self._links.add(link)
        if self._is_closed:  # meanwhile
            await self._end(link)
            raise httpx2.ConnectError("the pool is closed")
        return link

    async def _take_back(self, origin: Origin, link: HttpLink) -> None:
        idle = self._idle[origin]
        if link in self._links and link.is_reusable() and len(idle) < MOST_IDLE:
            idle.append(link)
        else:
            await self._end(link)

    async def _end(self, link: HttpLink) -> None:
        self._links.discard(link)
        await link.close()


class _Body(httpx2.AsyncByteStream):
    """The body of an answer; the connection goes back when it is closed."""

    def __init__(self, link: HttpLink, on_close: Callable[[], Awaitable[None]]) -> None:
        self._link = link
        self._on_close: Callable[[], Awaitable[None]] | None = on_close

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        part = b"" if self._on_close is None else await self._link.receive()
        if not part:
            raise StopAsyncIteration
        return part

    async def aclose(self) -> None:
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            await on_close()


def origin_of(url: httpx2.URL) -> Origin:
    """Where `url` is; raises `httpx2.UnsupportedProtocol` if that is not on the web."""
    if url.scheme not in _PORTS or not url.host:
        raise httpx2.UnsupportedProtocol("only http:// and https:// with a host are known here")
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
