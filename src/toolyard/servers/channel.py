"""The way back to an MCP client while it waits for a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import mcp_types as types
from mcp.server.connection import allowed_log_levels
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel

from toolyard.core.context import LEVELS, LogLevel
from toolyard.core.errors import ToolError
from toolyard.core.inputs import InputRequest
from toolyard.core.text_safety import sendable
from toolyard.servers.plain import plain
from toolyard.servers.sessions import Sessions, written

SdkContext = ServerRequestContext[Any, Any]

_ASK: Mapping[str, tuple[type[BaseModel], type[BaseModel]]] = {
    "elicitation/create": (types.ElicitRequest, types.ElicitResult),
    "sampling/createMessage": (types.CreateMessageRequest, types.CreateMessageResult),
    "roots/list": (types.ListRootsRequest, types.ListRootsResult),
}


def is_modern(context: SdkContext) -> bool:
    """Whether the request is of a revision without sessions (2026-07-28 and later)."""
    return context.protocol_version in MODERN_PROTOCOL_VERSIONS


class SdkChannel:
    """A `CallChannel` over one request of the SDK."""

    def __init__(self, context: SdkContext, sessions: Sessions) -> None:
        self._context = context
        self._sessions = sessions

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """What the client declared, in the handshake or with this request."""
        return written(self._context.session.client_capabilities)

    @property
    def log_level(self) -> LogLevel | None:
        """What the client asked for with this request, or for its session."""
        context = self._context
        if not is_modern(context):
            return self._sessions.level_of(context)
        allowed = allowed_log_levels(context.protocol_version, context.meta)
        return next((level for level in LEVELS if level in allowed), None)

    @property
    def wants_progress(self) -> bool:
        """Whether the client gave a token to report progress with."""
        return "progress_token" in (self._context.meta or {})

    @property
    def can_ask(self) -> bool:
        """Only the handshake revisions let a server ask in the middle of a call."""
        return not is_modern(self._context) and self._context.session.can_send_request

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """Report progress, if the client asked for it."""
        said = None if message is None else sendable(message)
        await self._context.session.report_progress(progress, total, said)

    async def log(self, level: LogLevel, data: Any, logger: str | None) -> None:
        """Send a log entry."""
        await self._context.session.send_notification(
            log_entry(level, data, logger), related_request_id=self._context.request_id
        )

    async def ask(self, request: InputRequest) -> Mapping[str, Any]:
        """Send the question on this request's stream and wait for the answer."""
        asked, answered = _ASK[request.method]
        question = asked.model_validate({"method": request.method, "params": plain(request.params)})
        try:
            answer = await self._context.session.send_request(
                cast("types.ServerRequest", question),
                answered,
                metadata=ServerMessageMetadata(related_request_id=self._context.request_id),
            )
        except MCPError as error:
            raise ToolError(f"The client did not answer: {error.message}") from error
        return answer.model_dump(by_alias=True, mode="json", exclude_none=True)


def log_entry(level: LogLevel, data: Any, logger: str | None) -> types.LoggingMessageNotification:
    """A log entry as MCP writes it."""
    said = {"level": level, "data": data, "logger": logger}
    params = types.LoggingMessageNotificationParams.model_validate(plain(said))
    return types.LoggingMessageNotification(params=params)
