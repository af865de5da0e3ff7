"""Requests to the outside: vetted, pinned, bounded in time and size."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import anyio
import httpcore2
import httpx2

from toolyard.core.errors import ToolError
from toolyard.egress.addresses import AddressRules
from toolyard.egress.decoding import ACCEPTED, decoder_for
from toolyard.egress.destinations import Destinations
from toolyard.egress.dialling import PinnedBackend
from toolyard.egress.headers import joined_headers
from toolyard.egress.lookup import LOOKUP_S, Resolver, SystemResolver, VettedLookup
from toolyard.egress.message import Incoming, Outgoing
from toolyard.egress.redirects import MAX_HOPS, next_hop
from toolyard.egress.refusals import cut_off, no_connection, not_http, too_slow, untrusted
from toolyard.egress.transport import GuardedTransport
from toolyard.egress.trust import well_known_authorities

_WIRE_SLACK = 65_536
"""Bytes that an answer may take on the wire beyond the limit of what they decode to."""


class Fetcher:
    """The way out. It holds no connection between requests, so nothing needs closing.

    Args:
        destinations: What may be asked; each hop of a redirect is checked again.
        addresses: Which addresses may be dialled.
        resolve: Looks names up; the operating system by default.
        ssl_context: Whom to believe; the well-known authorities by default.
        lookup_s: Seconds that one lookup may take.
    """

    def __init__(
        self,
        destinations: Destinations,
        addresses: AddressRules,
        *,
        resolve: Resolver | None = None,
        ssl_context: ssl.SSLContext | None = None,
        lookup_s: float = LOOKUP_S,
    ) -> None:
        self._destinations = destinations
        lookup = VettedLookup(addresses, resolve or SystemResolver(), lookup_s=lookup_s)
        trust = ssl_context or well_known_authorities()
        self._transport = GuardedTransport(PinnedBackend(lookup), trust)

    async def fetch(self, request: Outgoing, *, timeout_s: float, max_bytes: int) -> Incoming:
        """The answer to `request`, after at most five redirects.

        Args:
            request: What to ask.
            timeout_s: Seconds for everything together, lookups and redirects included.
            max_bytes: Of the decoded body; what is beyond is not read, and said to be missing.

        Raises:
            ToolError: Something on the way is refused or fails; the text says what.
        """
        with anyio.move_on_after(timeout_s):
            for _ in range(MAX_HOPS + 1):
                answer = await self._hop(request, max_bytes)
                if isinstance(answer, Incoming):
                    return answer
                request = answer
            raise ToolError(f"The answer redirects over {MAX_HOPS} times; ask for the last URL.")
        raise too_slow(request.target.host, timeout_s)

    async def _hop(self, request: Outgoing, max_bytes: int) -> Incoming | Outgoing:
        self._destinations.check(request.target)
        with _told(request):
            async with self._answer(request) as answer:
                status, headers = answer.status_code, answer.headers
                following = next_hop(request, status, headers.get("location"))
                if following is not None:
                    return following
                body, truncated = await _read(request, answer, max_bytes)
                joined = joined_headers(headers.multi_items())
        return Incoming(request.target, status, joined, body, truncated)

    @asynccontextmanager
    async def _answer(self, request: Outgoing) -> AsyncGenerator[httpx2.Response]:
        answer = await self._transport.handle_async_request(_on_the_wire(request))
        try:
            yield answer
        finally:
            await answer.aclose()


def _on_the_wire(request: Outgoing) -> httpx2.Request:
    target = request.target
    headers = {
        "host": target.authority,
        **request.headers,
        **request.credentials,
        "accept-encoding": ACCEPTED,
        "connection": "close",
    }
    made = httpx2.Request(request.method, target.url, headers=headers, content=request.body)
    url = made.url
    if (url.scheme, url.host) != (target.scheme, target.host):
        raise ToolError("The URL can be read in more than one way; write it plainly.")
    return made


async def _read(request: Outgoing, answer: httpx2.Response, max_bytes: int) -> tuple[bytes, bool]:
    """The decoded body up to `max_bytes`, and whether there was more."""
    if request.method == "HEAD":
        return b"", False
    decoder = decoder_for(answer.headers.get("content-encoding", ""))
    body, received = bytearray(), 0
    async for chunk in answer.aiter_raw():
        received += len(chunk)
        body += decoder.feed(chunk, max_bytes + 1 - len(body))
        if len(body) > max_bytes or received > max_bytes + _WIRE_SLACK:
            del body[max_bytes:]
            return bytes(body), True
    if received:
        decoder.end()
    return bytes(body), False


@contextmanager
def _told(request: Outgoing) -> Generator[None]:
    """Errors of the wire as sentences about the host."""
    host, port = request.target.host, request.target.port
    try:
        yield
    except httpcore2.ConnectError as error:
        raise _no_tls(host, port, error) from error
    except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as error:
        raise not_http(host) from error
    except (httpcore2.NetworkError, httpcore2.TimeoutException, ssl.SSLError) as error:
        raise cut_off(host) from error


def _no_tls(host: str, port: int, error: BaseException) -> ToolError:
    """The connection stood, so it was the handshake that failed."""
    cause = error.__cause__ or error.__context__ or error
    return untrusted(host) if isinstance(cause, ssl.CertificateError) else no_connection(host, port)
