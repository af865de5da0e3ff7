"""Who may open how many sessions of the handshake revisions, and what they are called."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from mcp.server.auth.middleware.bearer_auth import AuthorizationContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http import StreamableHTTPServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from toolyard.servers.served import Served

logger = logging.getLogger("toolyard.servers")

ID_BYTES = 20
"""Random ones in a session's id; the SDK's own ids hold 122 bits, and 128 are wanted."""


class SessionManager(StreamableHTTPSessionManager):
    """The SDK's, with a cap for each caller and ids that are wholly random, but for a mark.

    If the server is stateless there are no sessions: every request stands for itself.
    """

    def __init__(self, server: Server[Any], served: Served) -> None:
        limits = served.limits
        super().__init__(
            server,
            stateless=served.stateless,
            max_request_body_size=limits.body_bytes,
            session_idle_timeout=limits.session_idle_s,
            max_sessions=limits.sessions,
        )
        self._mark = served.session_mark
        self._most_per_caller = limits.sessions_per_caller

    async def _handle_stateless_request(
        self, protocol_version_hint: str | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["method"] == "GET":  # the SDK would keep a stream open that nothing is sent on
            await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)
            return
        await super()._handle_stateless_request(protocol_version_hint, scope, receive, send)

    def live(self, session_id: str, owner: str) -> StreamableHTTPServerTransport | None:
        """The session, if it lives and is of the caller named `owner`."""
        transport = self._server_instances.get(session_id)
        if transport is None or transport.is_terminated:
            return None
        if transport.idle_scope is not None and transport.idle_scope.cancel_called:
            return None
        held = self._session_owners.get(session_id)
        is_owned = held is not None and held["client_id"] == owner
        return transport if is_owned else None

    def _admit_session(  # pyright: ignore[reportIncompatibleMethodOverride] (private in the SDK)
        self, requestor: AuthorizationContext | None
    ) -> StreamableHTTPServerTransport | None:
        owners = self._session_owners
        held = sum(owner == requestor for owner in owners.values())
        if held >= self._most_per_caller:
            logger.warning("a caller has as many sessions open as it may")
            return None
        transport = super()._admit_session(requestor)
        if transport is None or transport.mcp_session_id is None:
            return transport
        given, chosen = transport.mcp_session_id, self._mark + secrets.token_hex(ID_BYTES)
        transport.mcp_session_id = chosen
        self._server_instances[chosen] = self._server_instances.pop(given)
        if given in owners:
            owners[chosen] = owners.pop(given)
        return transport
