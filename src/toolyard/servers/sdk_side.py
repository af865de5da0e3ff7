"""The MCP SDK's side of a server: all of it that need not be in memory before a request asks."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import lru_cache

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken

from toolyard.servers.exchange import exchange_of
from toolyard.servers.face import McpFace
from toolyard.servers.open_sessions import OpenSessions
from toolyard.servers.served import Served
from toolyard.servers.session_manager import SessionManager
from toolyard.servers.stdio import serve_stdio
from toolyard.servers.streams import Receive, Scope, Send


class SdkSide:
    """Answers requests of every revision, over HTTP while `running`, or over stdio."""

    def __init__(self, served: Served) -> None:
        self.face = McpFace(served)
        self._served = served
        self._manager: SessionManager | None = None
        self.sessions: OpenSessions | None = None
        """Those of the handshake revisions, while it runs."""

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Be there for requests until the end."""
        manager = SessionManager(self.face.sdk, self._served)
        async with self.face.running(), manager.run():
            self._manager = manager
            self.sessions = OpenSessions(manager, self.face.sessions)
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that passed the gate, with its caller as the SDK knows callers."""
        assert self._manager is not None
        assert self.sessions is not None
        if exchange_of(scope).begun is None:
            await self.sessions.give_way(scope)
        marked = {**scope, "user": _user(exchange_of(scope).caller.name)}
        await self._manager.handle_request(marked, receive, send)

    async def serve_stdio(self, stopped: anyio.Event, *, fast_lane: bool) -> None:
        """Serve standard input until it ends, or answer what came and end after `stopped`."""
        open_lane = self.face.pipe_lane() if fast_lane else None
        async with self.face.running():
            await serve_stdio(self.face.sdk, stopped, open_lane)

    def hang_up(self) -> None:
        """End the streams on which clients wait for changes."""
        self.face.hang_up()


@lru_cache(maxsize=1024)
def _user(name: str) -> AuthenticatedUser:
    return AuthenticatedUser(AccessToken(token="", client_id=name, scopes=[]))
