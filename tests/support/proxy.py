"""A proxy on the loopback that adds a token, for programs that cannot send one."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

MAX_HEAD_BYTES = 65_536


@asynccontextmanager
async def bearer_proxy(port: int, token: str) -> AsyncGenerator[int]:
    """Pass HTTP on to `port` with `token` added; gives the port to connect to instead.

    Everything else, Host and Origin too, passes as it is. Each connection carries one request, so
    after its head nothing has to be understood.
    """

    async def pass_on(client: SocketStream) -> None:
        async with client, await anyio.connect_tcp("127.0.0.1", port) as server:
            received = BufferedByteReceiveStream(client)
            head = await received.receive_until(b"\r\n\r\n", MAX_HEAD_BYTES)
            await server.send(_with_token(head, token))
            async with anyio.create_task_group() as both:
                both.start_soon(_copy, received, server, both.cancel_scope)
                both.start_soon(_copy, server, client, both.cancel_scope)

    async def handle(client: SocketStream) -> None:
        try:
            await pass_on(client)
        except* (anyio.EndOfStream, anyio.BrokenResourceError, anyio.IncompleteRead, OSError):
            pass  # Either side may go away at any moment; only its own request is lost.

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handle)
        yield listener.extra(anyio.abc.SocketAttribute.local_port)
        group.cancel_scope.cancel()


def _with_token(head: bytes, token: str) -> bytes:
    """The head of a request, which ends the connection when it was answered."""
    request, *fields = head.split(b"\r\n")
    kept = [field for field in fields if not field.lower().startswith(b"connection:")]
    added = [b"Authorization: Bearer " + token.encode(), b"Connection: close"]
    return b"\r\n".join([request, *added, *kept]) + b"\r\n\r\n"


async def _copy(
    source: ByteReceiveStream, target: ByteSendStream, scope: anyio.CancelScope
) -> None:
    """Copy until either end closes, then end the other direction too."""
    try:
        async for chunk in source:
            await target.send(chunk)
    finally:
        scope.cancel()
