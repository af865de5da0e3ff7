"""A remote MCP server as a source of tools."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from os import PathLike
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
import httpx2
import mcp_types as types
from anyio.abc import TaskGroup
from mcp import Client, MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from toolyard.clients import wire
from toolyard.clients.answers import Answer, callbacks
from toolyard.clients.bounds import Excess, Listed
from toolyard.clients.connection import Connection
from toolyard.clients.faults import (
    connect_fault,
    given_up,
    has_forgotten_us,
    remote_fault,
    session_is_over,
)
from toolyard.clients.hearing import Hearing
from toolyard.clients.notices import Notices
from toolyard.clients.targets import HttpServer, StdioServer, Transport
from toolyard.core.background import Background
from toolyard.core.context import CallContext
from toolyard.core.errors import CallTimeout, ConfigError, InvalidArguments, RemoteFault
from toolyard.core.json_shape import tangle_in
from toolyard.core.protocol import Listener
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.version import __version__

logger = logging.getLogger("toolyard.clients")

MOST_ARGUMENT_DEPTH = 200
"""The SDK writes a little more."""
OURSELVES = types.Implementation(name="toolyard", version=__version__)
PASSED_ON: Mapping[str, Any] = {
    "elicitation": {"form": {}, "url": {}},
    "sampling": {},
    "roots": {},
}
"""What we declare where a question ends a call: it is raised to whoever called us."""
REVISIONS = ("auto", "legacy", *MODERN_PROTOCOL_VERSIONS)
Answered = TypeVar("Answered")


class MCPClient:
    """Tools of an MCP server of any revision, over HTTP or a process's standard streams.

    One connection is kept open for all calls. If the server went away, the next call connects
    anew; a call that was under way then fails, as nobody can tell whether it ran.

    Args:
        target: A URL such as `http://127.0.0.1:8080/mcp`, or a process to start.
        token: For a URL: sent as `Authorization: Bearer`.
        headers: For a URL: sent with every request.
        auth: For a URL: OAuth and the like, in place of a token.
        answer: Answers what the server asks in the middle of a call; without it such a call
            raises `InputRequired`.
        revision: `auto`, `legacy` (the handshake), or a revision such as `2026-07-28`.
        connect_s: Seconds that connecting may take, for a process its start included.
        call_s: Seconds that a call may take whose context sets no earlier deadline.
    """

    def __init__(
        self,
        target: str | StdioServer,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        auth: httpx2.Auth | None = None,
        answer: Answer | None = None,
        revision: str = "auto",
        connect_s: float = 30.0,
        call_s: float = 300.0,
    ) -> None:
        if revision not in REVISIONS:
            raise ConfigError(f"{revision!r} is not one of {', '.join(REVISIONS)}.")
        self._target = (
            HttpServer(target, token, headers or {}, auth) if isinstance(target, str) else target
        )
        self._answer = answer
        self._revision = revision
        self._connect_s = connect_s
        self._call_s = call_s
        self._notices = Notices(self._connected)
        self._lives = AsyncExitStack()
        self._tasks: TaskGroup | None = None
        self._connection: Connection | None = None
        self._connecting = anyio.Lock()

    @classmethod
    def stdio(
        cls,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | PathLike[str] | None = None,
        answer: Answer | None = None,
        revision: str = "auto",
    ) -> Self:
        """Tools of a server that is started with `command` and ended with this client."""
        target = StdioServer(command, env or {}, cwd)
        return cls(target, answer=answer, revision=revision)

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            Unreachable: The server cannot be reached.
            NotAdmitted: It does not let us in.
        """
        async with AsyncExitStack() as lives:
            self._tasks = await lives.enter_async_context(Background())
            lives.push_async_callback(self._disconnect)
            await self._connected()
            self._tasks.start_soon(self._notices.keep_hearing)
            self._lives = lives.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._tasks = None
        await self._lives.__aexit__(kind, error, traceback)

    @property
    def sdk(self) -> Client:
        """The SDK's client of the connection at hand, for what has no word here yet."""
        if self._connection is None:
            raise RuntimeError("the client is not connected")
        return self._connection.client

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """Every page of the server's tools, in its order."""
        return await self._ask("tools/list", context, _every_tool)

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Run a tool on the server.

        Arguments that the tool's schema refuses give an error result, which the server writes.

        Raises:
            InvalidArguments: JSON cannot hold the arguments.
            RemoteFault: The server answered with an error of its protocol; with code -32602 if
                it does not know the tool.
            Unreachable: It cannot be reached, or went away during the call.
            CallTimeout: It took too long; it was told to stop.
            InputRequired: It wants to know something first.
        """
        _check_json(call, context)

        async def run(client: Client) -> ToolResult:
            try:
                given = await self._call(client, call, context)
            except MCPError as error:
                if error.code != types.HEADER_MISMATCH or not self._sends_headers(client):
                    raise
                await _every_tool(client)  # which arguments go into headers stands in the list
                given = await self._call(client, call, context)
            if isinstance(given, types.InputRequiredResult):
                raise wire.question(given)
            return wire.result(given)

        return await self._ask(call.name, context, run)

    def _sends_headers(self, client: Client) -> bool:
        """Whether arguments go into headers too, which a server reads before it runs anything."""
        is_modern = client.protocol_version in MODERN_PROTOCOL_VERSIONS
        return is_modern and isinstance(self._target, HttpServer)

    async def _call(
        self, client: Client, call: ToolCall, context: CallContext
    ) -> types.CallToolResult | types.InputRequiredResult:
        arguments = dict(call.arguments)
        if self._answer is not None:
            return await client.call_tool(call.name, arguments, progress_callback=context.progress)
        return await client.session.call_tool(
            call.name,
            arguments,
            progress_callback=context.progress,
            input_responses=_responses(context),
            request_state=context.state,
            allow_input_required=True,
        )

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear when the server says that its tools, prompts or documents changed."""
        return self._notices.subscribe(listener)

    async def _ask(
        self, what: str, context: CallContext, ask: Callable[[Client], Awaitable[Answered]]
    ) -> Answered:
        """Ask the server within the deadline; once more if it had not even taken the question."""
        seconds = min(self._call_s, context.remaining_s)
        with anyio.move_on_after(seconds):
            try:
                return await self._ask_once(ask)
            except Exception as error:  # the SDK raises many kinds; they become ours
                if not has_forgotten_us(error):
                    raise remote_fault(error, str(self._target)) from error
                logger.debug("%s lost our session; connecting anew", self._target)
            try:
                return await self._ask_once(ask)
            except Exception as error:  # as above
                raise remote_fault(error, str(self._target)) from error
        if self._connection is not None:
            self._connection.retire_if_held_up()
        raise CallTimeout(what, seconds)

    async def _ask_once(self, ask: Callable[[Client], Awaitable[Answered]]) -> Answered:
        connection = await self._connected()
        with connection.in_use() as client:
            try:
                return await ask(client)
            except MCPError as error:
                if session_is_over(error):
                    connection.retire()
                if connection.complaint is not None:
                    raise given_up(error, str(self._target), connection.complaint) from error
                raise

    async def _connected(self) -> Connection:
        connection = self._connection
        if connection is not None and not connection.lost:
            return connection
        async with self._connecting:
            connection = self._connection
            if connection is None or connection.lost:
                connection = self._connection = await self._connect()
            return connection

    async def _connect(self) -> Connection:
        if self._tasks is None:
            raise RuntimeError("the client is used before it is entered or after it is left")
        hearing = Hearing(self._notices.missed)
        transport = self._target.connect(hearing)
        declared = PASSED_ON if self._answer is None else None
        connection = Connection(self._sdk_client, transport, hearing, declared=declared)
        try:
            with anyio.fail_after(self._connect_s):
                await connection.open(self._tasks)
        except Exception as error:  # whatever keeps us from connecting becomes one of ours
            raise connect_fault(error, str(self._target)) from error
        return connection

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _sdk_client(self, transport: Transport) -> Client:
        return Client(
            transport,
            mode=self._revision,
            client_info=OURSELVES,
            cache=None,
            message_handler=self._notices.hear,
            **callbacks(self._answer),
        )


async def _every_tool(client: Client) -> Sequence[Tool]:
    tools: list[Tool] = []
    cursors: set[str | None] = {None}
    cursor: str | None = None
    listed = Listed()
    while True:
        part = await client.list_tools(cursor=cursor)
        try:
            listed.add(part, len(part.tools))
        except Excess as excess:
            raise RemoteFault(types.INTERNAL_ERROR, f"The server lists {excess}.") from excess
        tools.extend(wire.tool(tool) for tool in part.tools)
        cursor = part.next_cursor
        if cursor is None:
            return tuple(tools)
        if cursor in cursors:
            raise RemoteFault(types.INTERNAL_ERROR, "The server lists its tools without an end.")
        cursors.add(cursor)


def _check_json(call: ToolCall, context: CallContext) -> None:
    """Refuse what JSON cannot hold: the SDK would give up the connection with all its calls."""
    said = [call.name, dict(call.arguments), dict(context.inputs)]
    try:
        text = json.dumps(said, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidArguments(call.name, ["they cannot be written as JSON"]) from error
    if tangle_in(text, most_depth=MOST_ARGUMENT_DEPTH, most_values=len(text)) is not None:
        raise InvalidArguments(call.name, [f"they are nested more than {MOST_ARGUMENT_DEPTH} deep"])


def _responses(context: CallContext) -> Any:
    return dict(context.inputs) or None
