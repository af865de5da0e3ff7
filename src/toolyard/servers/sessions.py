"""The open sessions of the handshake revisions: what each hears of unasked."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import mcp_types as types
from anyio.abc import TaskGroup
from mcp.server.connection import Connection
from mcp.server.context import ServerRequestContext

from toolyard.core.context import LogLevel
from toolyard.core.errors import InvalidArguments
from toolyard.core.protocol import Change, WatchProtocol

logger = logging.getLogger("toolyard.servers")

TAKE_S = 5.0
"""How long a session may take to accept a notice."""
MOST_WATCHED = 1_000
"""Documents that one session, or one stream of notices, may watch."""
LONGEST_WATCHED = 8_192
"""Letters of such a document's URI."""


@dataclass(slots=True, eq=False)
class Hearing:
    """One session, and what it wants to hear."""

    connection: Connection
    level: LogLevel = "debug"
    resources: dict[str, Callable[[], None]] = field(default_factory=dict[str, Callable[[], None]])
    """What it watches, each with what ends that."""
    due: dict[Change, None] = field(default_factory=dict[Change, None])
    """What it has not been told yet, each thing once, in order."""
    is_being_told: bool = False

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """What the client declared in the handshake."""
        return written(self.connection.client_capabilities)

    def wants(self, change: Change) -> bool:
        """Whether the session should hear of `change`."""
        return change.kind != "resource" or change.uri in self.resources


def written(declared: types.ClientCapabilities | None) -> Mapping[str, Any]:
    """What a client declared it can do, as MCP writes it."""
    if declared is None:
        return {}
    return declared.model_dump(by_alias=True, mode="json", exclude_none=True)


def check_watched(uris: list[str], known: int = 0) -> None:
    """Raise `InvalidArguments` if these are too many documents to watch, or too long ones."""
    if known + len(uris) > MOST_WATCHED or any(len(uri) > LONGEST_WATCHED for uri in uris):
        raise InvalidArguments(
            "the subscription",
            [f"at most {MOST_WATCHED} documents, of {LONGEST_WATCHED} letters each, are watched."],
        )


class Sessions:
    """Tells every open session of changes; a session is forgotten when its connection ends.

    Args:
        library: Has changes told of the documents that sessions watch.
    """

    def __init__(self, library: WatchProtocol) -> None:
        self._library = library
        self._open: dict[Connection, Hearing] = {}
        self._by_id: dict[str | None, Hearing] = {}

    def opened(self, context: ServerRequestContext[Any, Any]) -> None:
        """Remember the session of `context`, whose handshake is done."""
        self._hearing(context)

    def _hearing(self, context: ServerRequestContext[Any, Any]) -> Hearing:
        # The SDK has no public hook for the end of a session; its own exit stack is one.
        connection = context.session._connection  # pyright: ignore[reportPrivateUsage]
        hearing = self._open.get(connection)
        if hearing is None:
            hearing = self._open[connection] = Hearing(connection)
            self._by_id[connection.session_id] = hearing
            connection.exit_stack.callback(self._forget, connection)
        return hearing

    def find(self, session_id: str) -> Hearing | None:
        """The session of that id, if it has done its handshake."""
        return self._by_id.get(session_id)

    def _forget(self, connection: Connection) -> None:
        self._by_id.pop(connection.session_id, None)
        for unwatch in self._open.pop(connection).resources.values():
            unwatch()

    def set_level(self, context: ServerRequestContext[Any, Any], level: LogLevel) -> None:
        """Send the session log entries of `level` and above only."""
        self._hearing(context).level = level

    def level_of(self, context: ServerRequestContext[Any, Any]) -> LogLevel:
        """The least grave level of log entries that the session wants."""
        return self._hearing(context).level

    def watch(self, context: ServerRequestContext[Any, Any], uri: str) -> None:
        """Tell the session when the document at `uri` changes; see `check_watched`."""
        watched = self._hearing(context).resources
        check_watched([uri], len(watched.keys() - {uri}))
        if uri not in watched:
            watched[uri] = self._library.watch(uri)

    def unwatch(self, context: ServerRequestContext[Any, Any], uri: str) -> None:
        """Tell the session no longer."""
        unwatch = self._hearing(context).resources.pop(uri, None)
        if unwatch is not None:
            unwatch()

    def tell(self, change: Change, tasks: TaskGroup) -> None:
        """Have a task of `tasks` send `change` to each session that should hear of it.

        One that is slow to take it delays nobody else, and is not told anything twice.
        """
        for hearing in self._open.values():
            if not hearing.wants(change):
                continue
            hearing.due[change] = None
            if not hearing.is_being_told:
                hearing.is_being_told = True
                tasks.start_soon(_tell, hearing)


async def _tell(hearing: Hearing) -> None:
    """Send what is due; a session that does not take it in time misses the rest."""
    try:
        with anyio.CancelScope() as taking:
            while hearing.due:
                taking.deadline = anyio.current_time() + TAKE_S
                change = next(iter(hearing.due))
                del hearing.due[change]
                await _send(hearing.connection, change)
    finally:
        hearing.due.clear()
        hearing.is_being_told = False


async def _send(connection: Connection, change: Change) -> None:
    try:
        await _notice(connection, change)
    except Exception as error:  # one broken session must not end the task group of all
        logger.debug("a session could not be told of a change: %r", error)


def _notice(connection: Connection, change: Change) -> Awaitable[None]:
    if change.kind == "tools":
        return connection.send_tool_list_changed()
    if change.kind == "prompts":
        return connection.send_prompt_list_changed()
    if change.kind == "resources":
        return connection.send_resource_list_changed()
    return connection.send_resource_updated(change.uri or "")
