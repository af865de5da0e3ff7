"""Connections to the very addresses that were vetted."""

from __future__ import annotations

import math
import ssl
from collections.abc import Iterable
from typing import Any, cast

import anyio
import httpcore2

from toolyard.core.errors import ToolError
from toolyard.egress.lookup import VettedLookup
from toolyard.egress.refusals import no_connection

MOST_TRIED = 4
"""Addresses of a host that are tried one after the other."""
CONNECT_S = 10.0


class PinnedBackend(httpcore2.AsyncNetworkBackend):
    """Looks a host up once, vets what it finds, and dials that; TLS stays with the name."""

    def __init__(self, lookup: VettedLookup) -> None:
        self._lookup = lookup
        # Its type is lost where the library looks whether anyio is there.
        self._backend = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's name
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to the first vetted address of `host` that accepts one.

        Raises:
            ToolError: An address of the host is refused, or none accepts.
        """
        del timeout, local_address, socket_options
        addresses = (await self._lookup.addresses(host))[:MOST_TRIED]
        for number, address in enumerate(addresses):
            try:
                share = _share(len(addresses) - number)
                return _Closing(await self._backend.connect_tcp(address, port, timeout=share))
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        raise no_connection(host, port) from None

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface's name
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Refuse: a Unix socket is never the way out."""
        raise ToolError("Unix sockets cannot be asked over HTTP.")

    async def sleep(self, seconds: float) -> None:
        """Wait, as the interface wants it."""
        await anyio.sleep(seconds)


class _Closing(httpcore2.AsyncNetworkStream):
    """A connection that is closed, and not just dropped, when its handshake is given up."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore2.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:  # above all a cancellation
            with anyio.CancelScope(shield=True):
                await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _share(addresses: int) -> float:
    """Seconds for one of so many addresses, so that a dead one leaves time for the next."""
    remaining = anyio.current_effective_deadline() - anyio.current_time()
    return CONNECT_S if remaining == math.inf else min(CONNECT_S, remaining / addresses)
