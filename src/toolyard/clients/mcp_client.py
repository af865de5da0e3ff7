"""A remote MCP server as a source of tools."""

from __future__ import annotations

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

from toolyard.clients import wire
from toolyard.clients.answers import Answer, callbacks
from toolyard.clients.connection import Connection
from toolyard.clients.faults import remote_fault
from toolyard.clients.http import trouble_in
from toolyard.clients.targets import HttpServer, StdioServer, Transport
from toolyard.core.background import Background
from toolyard.core.context import CallContext
from toolyard.core.errors import CallTimeout
from toolyard.core.protocol import Change, Listener, Listeners
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.version import __version__

logger = logging.getLogger("toolyard.clients")

MOST_PAGES = 1_000
OURSELVES = types.Implementation(name="toolyard", version=__version__)
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
        self._target = (
            HttpServer(target, token, headers or {}, auth) if isinstance(target, str) else target
        )
        self._answer = answer
        self._revision = revision
        self._connect_s = connect_s
        self._call_s = call_s
        self._listeners = Listeners()
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
            self._lives = lives.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._lives.__aexit__(kind, error, traceback)

    @property
    def sdk(self) -> Client:
        """The SDK's client of the connection at hand, for what has no word here yet."""
        if self._connection is None:
            raise RuntimeError("the client is not connected")
        return self._connection.client

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """Every page of the server's tools, in its order."""
        tools: list[Tool] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            part = await self._ask(
                "tools/list", context, lambda client, at=cursor: client.list_tools(cursor=at)
            )
            tools.extend(wire.tool(tool) for tool in part.tools)
            cursor = part.next_cursor
            if cursor is None:
                break
        return tuple(tools)

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Run a tool on the server.

        Raises:
            RemoteFault: The server answered with an error of its protocol.
            Unreachable: It cannot be reached, or went away during the call.
            CallTimeout: It took too long; it was told to stop.
            InputRequired: It wants to know something first.
        """
        given = await self._ask(
            call.name, context, lambda client: self._call(client, call, context)
        )
        if isinstance(given, types.InputRequiredResult):
            raise wire.question(given)
        return wire.result(given)

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
        return self._listeners.subscribe(listener)

    async def _ask(
        self, what: str, context: CallContext, ask: Callable[[Client], Awaitable[Answered]]
    ) -> Answered:
        """Ask the server within the deadline; once more if it had not even taken the question."""
        seconds = min(self._call_s, context.remaining_s)
        with anyio.move_on_after(seconds):
            try:
                return await self._ask_once(ask)
            except MCPError as error:
                if not _never_arrived(error):
                    raise remote_fault(error, str(self._target)) from error
                logger.debug("%s lost our session; connecting anew", self._target)
            await self._disconnect()
            try:
                return await self._ask_once(ask)
            except MCPError as error:
                raise remote_fault(error, str(self._target)) from error
        raise CallTimeout(what, seconds)

    async def _ask_once(self, ask: Callable[[Client], Awaitable[Answered]]) -> Answered:
        connection = await self._connected()
        try:
            return await ask(connection.client)
        except (MCPError, anyio.get_cancelled_exc_class()):
            raise
        except Exception as error:  # the SDK raises many kinds; here they become ours
            raise remote_fault(error, str(self._target)) from error

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
            raise RuntimeError("enter the client before you use it")
        connection = Connection(self._sdk_client, self._target.connect())
        try:
            with anyio.fail_after(self._connect_s):
                await connection.open(self._tasks)
        except Exception as error:  # whatever keeps us from connecting becomes one of ours
            raise remote_fault(error, str(self._target)) from error
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
            message_handler=self._hear,
            **callbacks(self._answer),
        )

    async def _hear(self, message: object) -> None:
        for kind, change in _NOTICES.items():
            if isinstance(message, kind):
                self._listeners.tell(change)


_NOTICES: Mapping[type, Change] = {
    types.ToolListChangedNotification: Change("tools"),
    types.PromptListChangedNotification: Change("prompts"),
    types.ResourceListChangedNotification: Change("resources"),
}


def _responses(context: CallContext) -> Any:
    return dict(context.inputs) or None


def _never_arrived(error: MCPError) -> bool:
    """Whether the server cannot have begun the call: it had forgotten the session."""
    trouble = trouble_in(error.data)
    return trouble is not None and trouble[0] == "session"
