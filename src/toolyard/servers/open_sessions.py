"""The sessions that the SDK keeps, for the fast lane."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import anyio
from mcp.server.streamable_http import StreamableHTTPServerTransport

from toolyard.core.context import Caller, LogLevel
from toolyard.servers.lane.session import SESSION, LaneSession
from toolyard.servers.session_manager import SessionManager
from toolyard.servers.sessions import Hearing, Sessions
from toolyard.servers.streams import Scope

SOON_S = 5.0
"""A session that would expire so soon does not while it is used: calls that last are the SDK's."""
IDLY_S = 1.0
"""How much earlier than after its idle time a session may expire."""


class KeptSession:
    """One of them. The SDK has no public hook for what is asked of its transport here."""

    def __init__(self, transport: StreamableHTTPServerTransport, hearing: Hearing) -> None:
        self.id = (transport.mcp_session_id or "").encode()
        self._transport = transport
        self._hearing = hearing
        self._declared: object = None
        self._capabilities: Mapping[str, Any] = {}

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """What the client declared, written once: it could only say so in another handshake."""
        declared = self._hearing.connection.client_capabilities
        if declared is not self._declared:
            self._declared, self._capabilities = declared, self._hearing.capabilities
        return self._capabilities

    @property
    def level(self) -> LogLevel:
        """The least grave level of log entries that it wants."""
        return self._hearing.level

    def is_answering(self, request_id: str) -> bool:
        """Whether there is an answer to come on a stream."""
        return request_id in self._transport._request_streams  # pyright: ignore[reportPrivateUsage]

    def hold(self) -> None:
        """Count a request, as the transport does with its own."""
        self._transport._requests_in_flight += 1  # pyright: ignore[reportPrivateUsage]
        self._expire_between(anyio.current_time() + SOON_S, math.inf)

    def release(self) -> None:
        """It is answered; after the last one the time runs in which the session may idle."""
        transport = self._transport
        transport._requests_in_flight -= 1  # pyright: ignore[reportPrivateUsage]
        idle_s = transport._idle_timeout  # pyright: ignore[reportPrivateUsage]
        if idle_s is not None and not transport._requests_in_flight:  # pyright: ignore[reportPrivateUsage]
            latest = anyio.current_time() + idle_s
            self._expire_between(latest - IDLY_S, latest)

    def _expire_between(self, earliest: float, latest: float) -> None:
        """Move the session's end only if it has to be: that takes longer than a list."""
        scope = self._transport.idle_scope
        if scope is not None and not earliest <= scope.deadline <= latest:
            scope.deadline = latest


class OpenSessions:
    """Finds them; a session is forgotten when its connection ends."""

    def __init__(self, manager: SessionManager, sessions: Sessions) -> None:
        self._manager = manager
        self._sessions = sessions
        self._known: dict[bytes, LaneSession] = {}

    def find(self, session_id: bytes, caller: Caller) -> LaneSession | None:
        """The session, if it is the caller's, lives, and its handshake is done."""
        given = session_id.decode("latin-1")
        transport = self._manager.live(given, caller.name)
        if transport is None:
            return None
        known = self._known.get(session_id)
        if known is not None:
            return known
        hearing = self._sessions.find(given)
        if hearing is None:
            return None
        known = self._known[session_id] = LaneSession(KeptSession(transport, hearing))
        hearing.connection.exit_stack.callback(self._known.pop, session_id)
        return known

    async def give_way(self, scope: Scope) -> None:
        """Before a request that does not come from the fast lane; see `LaneSession`."""
        for name, value in scope["headers"]:
            if name == SESSION and value in self._known:
                await self._known[value].give_way()
