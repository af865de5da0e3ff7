"""The open sessions of the handshake revisions: what each hears of unasked."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, get_args

import anyio
from mcp.server.connection import Connection
from mcp.server.context import ServerRequestContext
from mcp.server.session import ServerSession

from toolyard.core.context import LogLevel
from toolyard.core.protocol import Change

logger = logging.getLogger("toolyard.servers")

TAKE_S = 5.0
"""How long a session may take to accept a notice."""

LEVELS: tuple[LogLevel, ...] = get_args(LogLevel)


@dataclass(slots=True)
class _Hearing:
    session: ServerSession
    level: LogLevel = "debug"
    resources: set[str] = field(default_factory=set[str])


class Sessions:
    """Tells every open session of changes; a session is forgotten when its connection ends."""

    def __init__(self) -> None:
        self._open: dict[Connection, _Hearing] = {}

    def opened(self, context: ServerRequestContext[Any, Any]) -> None:
        """Remember the session of `context`, whose handshake is done."""
        self._hearing(context)

    def _hearing(self, context: ServerRequestContext[Any, Any]) -> _Hearing:
        # The SDK has no public hook for the end of a session; its own exit stack is one.
        connection = context.session._connection  # pyright: ignore[reportPrivateUsage]
        hearing = self._open.get(connection)
        if hearing is None:
            hearing = self._open[connection] = _Hearing(context.session)
            connection.exit_stack.callback(self._open.pop, connection, None)
        return hearing

    def set_level(self, context: ServerRequestContext[Any, Any], level: LogLevel) -> None:
        """Send the session log entries of `level` and above only."""
        self._hearing(context).level = level

    def wants_log(self, context: ServerRequestContext[Any, Any], level: LogLevel) -> bool:
        """Whether the session wants log entries of `level`."""
        return LEVELS.index(level) >= LEVELS.index(self._hearing(context).level)

    def watch(self, context: ServerRequestContext[Any, Any], uri: str) -> None:
        """Tell the session when the document at `uri` changes."""
        self._hearing(context).resources.add(uri)

    def unwatch(self, context: ServerRequestContext[Any, Any], uri: str) -> None:
        """Tell the session no longer."""
        self._hearing(context).resources.discard(uri)

    async def tell(self, change: Change) -> None:
        """Send `change` to every session that should hear of it."""
        async with anyio.create_task_group() as tasks:
            for connection, hearing in tuple(self._open.items()):
                send = _notice(hearing, change)
                if send is not None:
                    tasks.start_soon(self._tell, connection, send)

    async def _tell(self, connection: Connection, send: Callable[[], Awaitable[None]]) -> None:
        """Send one notice; a session that does not take it in time hears no more of them."""
        with anyio.move_on_after(TAKE_S) as scope:
            try:
                await send()
            except Exception as error:  # one broken session must not silence the others
                logger.debug("a session could not be told of a change: %r", error)
        if scope.cancelled_caught:
            self._open.pop(connection, None)


def _notice(hearing: _Hearing, change: Change) -> Callable[[], Awaitable[None]] | None:
    session = hearing.session
    if change.kind == "tools":
        return session.send_tool_list_changed
    if change.kind == "prompts":
        return session.send_prompt_list_changed
    if change.kind == "resources":
        return session.send_resource_list_changed
    uri = change.uri
    if uri is None or uri not in hearing.resources:
        return None

    async def updated() -> None:
        await session.send_resource_updated(uri)

    return updated
