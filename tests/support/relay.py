"""A relay of connections on the loopback that can be led elsewhere, and cut."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, SocketAttribute, SocketStream


@dataclass
class Relay:
    """Where it listens, and where it leads new connections."""

    target: int
    port: int = 0
    streams: set[SocketStream] = field(default_factory=set[SocketStream])

    def reset(self) -> None:
        """End every connection the way a crash does: with a reset."""
        for stream in self.streams:
            raw: socket.socket = stream.extra(SocketAttribute.raw_socket)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            raw.shutdown(socket.SHUT_RD)

    async def pass_on(self, client: SocketStream) -> None:
        """Copy both ways until either end closes."""
        try:
            async with client, await anyio.connect_tcp("127.0.0.1", self.target) as server:
                self.streams.add(client)
                async with anyio.create_task_group() as both:
                    both.start_soon(_copy, client, server, both.cancel_scope)
                    both.start_soon(_copy, server, client, both.cancel_scope)
        except* (anyio.BrokenResourceError, OSError):
            pass  # Either side may go away at any moment.
        finally:
            self.streams.discard(client)


async def _copy(
    source: ByteReceiveStream, target: ByteSendStream, scope: anyio.CancelScope
) -> None:
    async for chunk in source:
        await target.send(chunk)
    scope.cancel()


@asynccontextmanager
async def relay(target: int) -> AsyncGenerator[Relay]:
    """Lead connections to the port `target` of this machine while the block runs."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as group:
        made = Relay(target, listener.extra(SocketAttribute.local_port))
        group.start_soon(listener.serve, made.pass_on)
        yield made
        group.cancel_scope.cancel()
