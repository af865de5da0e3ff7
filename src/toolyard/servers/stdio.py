"""MCP over standard input and output: both eras on one pipe."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterable, Mapping
from typing import Any

import anyio
import mcp_types as types
from mcp.server.connection import Connection
from mcp.server.lowlevel import Server
from mcp.server.runner import modern_error_data, serve_dual_era_loop, serve_one
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.inbound import InboundLadderRejection, classify_inbound_request
from mcp.shared.message import SessionMessage
from mcp.shared.transport_context import TransportContext
from pydantic import ValidationError

from toolyard.core.background import Background
from toolyard.servers.incoming_lines import HeardLines, lines_of
from toolyard.servers.lane.line_call import Rest
from toolyard.servers.lane.pipe_lane import OpenLane, PipeLane
from toolyard.servers.outgoing import Outgoing
from toolyard.servers.outgoing_lines import SentLines, lines_to
from toolyard.servers.private_streams import private_streams

logger = logging.getLogger("toolyard.servers")

DISCOVER = "server/discover"
LAST_WORDS_S = 2.0
"""How long the answers of ended calls may take to be written."""


async def serve_stdio(
    server: Server[Any], stopped: anyio.Event, open_lane: OpenLane | None
) -> None:
    """Serve this process's standard input until it ends; after `stopped`, answer and end it."""
    with private_streams() as (source, target):
        try:
            async with lines_of(source) as heard, lines_to(target) as said:
                await serve_lines(server, heard, said, stopped, open_lane)
        except* (BrokenPipeError, anyio.BrokenResourceError):
            logger.debug("the host went away without a word")


async def serve_lines(
    server: Server[Any],
    heard: HeardLines,
    said: SentLines,
    stopped: anyio.Event,
    open_lane: OpenLane | None,
) -> None:
    """Answer on `said` what is `heard` until it ends; plain requests in the fast lane, if any."""
    outgoing = Outgoing(said)
    async with Background() as tasks:
        tasks.start_soon(_end_after, stopped, outgoing, heard)
        await _serve_pipe(server, heard, outgoing, open_lane)
    with anyio.move_on_after(LAST_WORDS_S):
        await said.all_written()


async def _end_after(stopped: anyio.Event, outgoing: Outgoing, heard: HeardLines) -> None:
    await stopped.wait()
    with anyio.move_on_after(LAST_WORDS_S):
        await outgoing.all_answered()
    heard.end()


async def _serve_pipe(
    server: Server[Any],
    lines: AsyncIterable[bytes],
    outgoing: Outgoing,
    open_lane: OpenLane | None,
) -> None:
    """Serve a pipe in the era that the client's first real request is of.

    Hosts ask `server/discover` first and then may still open with `initialize`, although they
    understood the answer. The SDK settles the era at the first request of any kind, so leading
    discoveries are answered here, before it sees the stream.
    """
    # The SDK takes each message at once; the room is for calls that are handed over to it.
    send, receive = anyio.create_memory_object_stream[SessionMessage | Exception](math.inf)
    async with anyio.create_task_group() as tasks:
        lane = None if open_lane is None else open_lane(outgoing, send, tasks)
        tasks.start_soon(_sort, server, lines, outgoing, send, lane)
        await serve_dual_era_loop(server, receive, outgoing, lifespan_state={})  # pyright: ignore[reportArgumentType]
        tasks.cancel_scope.cancel()


async def _sort(
    server: Server[Any],
    lines: AsyncIterable[bytes],
    outgoing: Outgoing,
    rest: Rest,
    lane: PipeLane | None,
) -> None:
    """Answer what is no message, and discoveries until another request comes; pass all else on."""
    settled = False
    async with rest:
        async for line in lines:
            if lane is not None and lane.take(line):
                continue
            request = _message_in(line)
            if isinstance(request, Exception):
                await outgoing.send(SessionMessage(_unreadable(request)))
                continue
            if not settled and isinstance(request, types.JSONRPCRequest):
                if request.method == DISCOVER:
                    answer = await _discover(server, request)
                    await outgoing.send(SessionMessage(answer))
                    continue
                settled = True
            if lane is not None:
                lane.heard(request)
            outgoing.expect(request)
            await rest.send(SessionMessage(request))
        if lane is not None:
            lane.end()


def _message_in(line: bytes) -> types.JSONRPCMessage | Exception:
    """What a line says; an error in place of what is no message."""
    try:
        return types.jsonrpc_message_adapter.validate_json(line, by_name=False)
    except Exception as error:  # whatever it holds, it must not end the other requests
        return error


def _unreadable(error: Exception) -> types.JSONRPCError:
    """The answer to a line that is no message; nobody knows which request it was."""
    kinds = {each["type"] for each in error.errors()} if isinstance(error, ValidationError) else ()
    if "json_invalid" in kinds:
        said = types.ErrorData(code=types.PARSE_ERROR, message="The line is not JSON.")
    else:
        said = types.ErrorData(
            code=types.INVALID_REQUEST, message="The line is not a JSON-RPC message."
        )
    return types.JSONRPCError(jsonrpc="2.0", id=None, error=said)


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
