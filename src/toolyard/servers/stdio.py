"""MCP over standard input and output: both eras on one pipe."""

from __future__ import annotations

import logging
import signal
from collections.abc import Mapping
from typing import Any, cast

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectSendStream
from mcp.server.connection import Connection
from mcp.server.lowlevel import Server
from mcp.server.runner import modern_error_data, serve_dual_era_loop, serve_one
from mcp.server.stdio import stdio_server
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.inbound import InboundLadderRejection, classify_inbound_request
from mcp.shared.message import SessionMessage
from mcp.shared.transport_context import TransportContext

from toolyard.core.background import Background
from toolyard.servers.standard_input import lines_of, private_input

logger = logging.getLogger("toolyard.servers")

DISCOVER = "server/discover"


async def serve_stdio(server: Server[Any]) -> None:
    """Serve this process's standard input until it ends or the process is told to."""
    with private_input() as descriptor, anyio.CancelScope() as serving:
        try:
            await _serve_lines(server, descriptor, serving)
        except* (BrokenPipeError, anyio.BrokenResourceError):
            logger.debug("the host went away without a word")


async def _serve_lines(server: Server[Any], descriptor: int, serving: anyio.CancelScope) -> None:
    async with Background() as tasks, lines_of(descriptor) as lines:
        tasks.start_soon(_end_on_signal, serving)
        text = cast("anyio.AsyncFile[str]", lines)  # all the SDK does is iterate
        async with stdio_server(stdin=text) as (incoming, outgoing):
            await serve_pipe(server, incoming, outgoing)


async def _end_on_signal(serving: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            serving.cancel()


async def serve_pipe(server: Server[Any], incoming: Any, outgoing: Any) -> None:
    """Serve a pair of message streams in the era that the client's first real request is of.

    Hosts ask `server/discover` first and then may still open with `initialize`, although they
    understood the answer. The SDK settles the era at the first request of any kind, so leading
    discoveries are answered here, before it sees the stream.
    """
    send, receive = anyio.create_memory_object_stream[SessionMessage | Exception]()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_answer_discoveries, server, incoming, outgoing, send)
        await serve_dual_era_loop(server, receive, outgoing, lifespan_state={})
        tasks.cancel_scope.cancel()


async def _answer_discoveries(
    server: Server[Any],
    incoming: Any,
    outgoing: Any,
    rest: MemoryObjectSendStream[SessionMessage | Exception],
) -> None:
    """Answer discoveries until another request comes; pass that one and all others on."""
    settled = False
    async with rest:
        async for item in incoming:
            request = item.message if isinstance(item, SessionMessage) else None
            if not settled and isinstance(request, types.JSONRPCRequest):
                if request.method == DISCOVER:
                    answer = await _discover(server, request)
                    await outgoing.send(SessionMessage(answer))
                    continue
                settled = True
            await rest.send(item)


async def _discover(
    server: Server[Any], request: types.JSONRPCRequest
) -> types.JSONRPCResponse | types.JSONRPCError:
    route = classify_inbound_request({"method": request.method, "params": request.params})
    if isinstance(route, InboundLadderRejection):
        refused = types.ErrorData(code=route.code, message=route.message, data=route.data)
        return types.JSONRPCError(jsonrpc="2.0", id=request.id, error=refused)
    connection = Connection.from_envelope(
        route.protocol_version, route.client_info, route.client_capabilities
    )
    try:
        result = await serve_one(
            server,
            _NoWayBack(request.id),
            request.method,
            request.params,
            connection=connection,
            lifespan_state={},
        )
    except Exception as error:  # the boundary at which an exception becomes a JSON-RPC error
        return types.JSONRPCError(jsonrpc="2.0", id=request.id, error=modern_error_data(error))
    return types.JSONRPCResponse(jsonrpc="2.0", id=request.id, result=result)


class _NoWayBack:
    """The SDK's context of one request that is answered and says nothing meanwhile."""

    transport = TransportContext(kind="stdio", can_send_request=False)
    message_metadata = None
    can_send_request = False

    def __init__(self, request_id: types.RequestId) -> None:
        self.request_id: types.RequestId | None = request_id
        self.cancel_requested = anyio.Event()

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        raise NoBackChannelError(method)

    async def notify(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> None:
        """A discovery has nothing to say before its answer."""

    async def progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """A discovery takes no time."""
