"""The pinned connections below `httpx2`."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, AsyncIterator
from typing import cast

import httpcore2
import httpx2

from toolyard.egress.dialling import PinnedBackend

MAX_CONNECTIONS = 100
"""Open at once; further requests wait for their turn until their deadline."""


class GuardedTransport(httpx2.AsyncBaseTransport):
    """HTTP/1.1 over connections that are used once.

    It reads no environment: no proxies, no certificates, no `.netrc`. Extensions of a request,
    such as another name for TLS, are ignored. Errors are those of `httpcore2`, and `ToolError`.
    """

    def __init__(self, backend: PinnedBackend, ssl_context: ssl.SSLContext) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=ssl_context,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=0,
            http1=True,
            http2=False,
            retries=0,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, its body not yet read; close it."""
        url = request.url
        answer = await self._pool.handle_async_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=cast("AsyncIterable[bytes]", request.stream),
            )
        )
        return httpx2.Response(
            status_code=answer.status, headers=answer.headers, stream=_Body(answer)
        )


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._answer.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()
