"""A remote MCP server as a source of tools."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from os import PathLike
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
import httpx2
from mcp import Client, MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from toolyard.clients.answers import Answer, callbacks
from toolyard.clients.calls import OURSELVES, params_of
from toolyard.clients.connection import Connection
from toolyard.clients.faults import (
    casts_doubt,
    given_up,
    has_not_begun,
    remote_fault,
    session_is_over,
)
from toolyard.clients.keeping import Keeping
from toolyard.clients.library import RemoteLibrary
from toolyard.clients.link import Link
from toolyard.clients.notices import Notices
from toolyard.clients.posts import logged
from toolyard.clients.targets import HttpServer, StdioServer, Transport
from toolyard.core.background import Background
from toolyard.core.context import CallContext
from toolyard.core.errors import (
    CallTimeout,
    ConfigError,
    ToolyardError,
    Unreachable,
)
from toolyard.core.protocol import LibraryProtocol, Listener
from toolyard.core.tool import Tool, ToolCall, ToolResult

logger = logging.getLogger("toolyard.clients")

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
    anew; a call that was under way then fails, as nobody can tell whether it ran. While there
    are subscribers, it comes back by itself as well, and tells them that the server is lost,
    and that it is back.

    Args:
        target: A URL such as `http://127.0.0.1:8080/mcp`, or a process to start.
        token: For a URL: sent as `Authorization: Bearer`.
        headers: For a URL: sent with every request.
        auth: For a URL: OAuth and the like, in place of a token.
        answer: Answers what the server asks in the middle of a call; without it such a call
            raises `InputRequired`.
        revision: `auto`, `legacy` (the handshake), or a revision such as `2026-07-28`.
        patient: Whether a server that is not there yet can be waited for: entering tries it
            once, and goes on trying in the background.
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
        patient: bool = False,
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
        self._patient = patient
        self._call_s = call_s
        self._notices = Notices()
        self._link = Link(
            self._target,
            self._sdk_client,
            declared=PASSED_ON if answer is None else None,
            connect_s=connect_s,
            on_gap=self._notices.interrupted,
        )
        self._keeping = Keeping(self._link, self._notices)
        self._library = RemoteLibrary(
            self._consult, lambda: self._keeping.offered, self._notices.watching.watched
        )
        self._lives = AsyncExitStack()

    @classmethod
    def stdio(
        cls,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | PathLike[str] | None = None,
        answer: Answer | None = None,
        revision: str = "auto",
        patient: bool = False,
    ) -> Self:
        """Tools of a server that is started with `command` and ended with this client."""
        target = StdioServer(command, env or {}, cwd)
        return cls(target, answer=answer, revision=revision, patient=patient)

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            Unreachable: The server cannot be reached, and this client is not `patient`.
            NotAdmitted: It does not let us in, as above.
        """
        async with AsyncExitStack() as lives:
            tasks = await lives.enter_async_context(Background())
            self._link.tasks, self._link.is_wary = tasks, self._patient
            lives.push_async_callback(self._link.close)
            try:
                await self._keeping.connected()
            except Unreachable as error:
                if not self._patient:
                    raise
                self._keeping.lose(error)
            keeper = await lives.enter_async_context(Background())
            keeper.start_soon(partial(self._keeping.keep, at_once=self._patient))
            self._lives = lives.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._link.tasks = None
        await self._lives.__aexit__(kind, error, traceback)

    @property
    def sdk(self) -> Client:
        """The SDK's client of the connection at hand, for what has no word here yet."""
        if self._link.connection is None:
            raise RuntimeError("the client is not connected")
        return self._link.connection.client

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """Every page of the server's tools, in its order.

        Raises:
            Unreachable: It cannot be reached; at once where that is known already.
            RemoteFault: It answered with an error of its protocol, or its list has no end.
            CallTimeout: It took too long.
        """
        return await self._list("tools/list", context, lambda connection: connection.calls.tools())

    async def _consult(
        self, what: str, context: CallContext, ask: Callable[[Client], Awaitable[Answered]]
    ) -> Answered:
        return await self._list(what, context, lambda connection: ask(connection.client))

    async def _list(
        self, what: str, context: CallContext, ask: Callable[[Connection], Awaitable[Answered]]
    ) -> Answered:
        """Ask what changes nothing: once more if the connection was lost meanwhile."""
        self._keeping.check()
        try:
            try:
                return await self._ask(what, context, ask)
            except Unreachable:
                if not self._link.is_lost:
                    raise
            return await self._ask(what, context, ask)
        except ToolyardError:
            self._keeping.owe()
            raise

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
        params = params_of(call, context)
        return await self._ask(
            call.name, context, lambda connection: connection.calls.run(call, params, context)
        )

    @property
    def library(self) -> LibraryProtocol | None:
        """The server's documents and prompts, once it has spoken of any."""
        return self._library if self._notices.expects_library else None

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear when the server's tools, prompts or documents changed, or it came or went."""
        return self._notices.subscribe(listener)

    def health(self) -> Mapping[str, Any]:
        """Whether the server can be reached, how often it was connected anew, the last trouble."""
        return self._keeping.health()

    async def _ask(
        self, what: str, context: CallContext, ask: Callable[[Connection], Awaitable[Answered]]
    ) -> Answered:
        """Ask the server within the deadline; once more if it had not even taken the question."""
        seconds = min(self._call_s, context.remaining_s)
        with anyio.move_on_after(seconds):
            try:
                return await self._ask_once(ask)
            except Exception as error:  # the SDK raises many kinds; they become ours
                if not has_not_begun(error):
                    raise remote_fault(error, str(self._target)) from error
                logger.debug("%s lost our session or ended; connecting anew", self._target)
            try:
                return await self._ask_once(ask)
            except Exception as error:  # as above
                raise remote_fault(error, str(self._target)) from error
        if self._link.connection is not None:
            self._link.connection.retire_if_held_up()
        raise CallTimeout(what, seconds)

    async def _ask_once(self, ask: Callable[[Connection], Awaitable[Answered]]) -> Answered:
        connection = await self._keeping.connected()
        with connection.in_use():
            try:
                return await ask(connection)
            except MCPError as error:
                if session_is_over(error):
                    connection.retire()
                elif casts_doubt(error):
                    connection.hearing.doubted()
                if connection.complaint is not None:
                    raise given_up(error, str(self._target), connection.complaint) from error
                raise

    def _sdk_client(self, transport: Transport) -> Client:
        return Client(
            transport,
            mode=self._revision,
            client_info=OURSELVES,
            cache=None,
            message_handler=self._notices.hear,
            logging_callback=logged,
            **callbacks(self._answer),
        )
