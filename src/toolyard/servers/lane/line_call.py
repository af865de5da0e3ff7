"""A call that runs in the fast lane of a pipe, and the way back to its client."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectSendStream
from mcp.shared.message import ServerMessageMetadata, SessionMessage

from toolyard.core.context import CallChannel, LogLevel
from toolyard.core.errors import MissingCapability
from toolyard.core.inputs import CAPABILITY_OF, InputRequest
from toolyard.core.text_safety import sendable
from toolyard.core.tool import ToolResult
from toolyard.servers.channel import log_entry
from toolyard.servers.exchange import KEY, Exchange
from toolyard.servers.lane.line import Line
from toolyard.servers.lane.running_call import Outcome
from toolyard.servers.outgoing import Outgoing
from toolyard.servers.requests import STDIO

Rest = MemoryObjectSendStream[SessionMessage | Exception]
"""Takes what goes the SDK's way; it has room for all."""


class Client(Protocol):
    """Who called, as the request or the session tells."""

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """What it declared."""
        ...

    @property
    def log_level(self) -> LogLevel | None:
        """The least grave log entries that it wants."""
        ...


@dataclass(frozen=True, slots=True)
class _Carrier:
    """Carries an exchange through the SDK, in place of an HTTP request."""

    scope: Mapping[str, Any]


class LineCall:
    """One call of a tool: a `CallChannel` that hands the call over only to ask the client.

    The SDK then takes up the request; its handler asks for the `result`, instead of running the
    tool, and brings its own way back to the client along.
    """

    _outcome: Outcome | None = None
    _channel: CallChannel | None = None
    _is_over = False

    def __init__(
        self, line: Line, client: Client, outgoing: Outgoing, rest: Rest, *, can_ask: bool
    ) -> None:
        self.line = line
        self.exchange = Exchange(STDIO)
        self.is_handed_over = False
        """Whether the SDK answers."""
        self.can_ask = can_ask
        self._client = client
        self._outgoing = outgoing
        self._rest = rest
        self._reached = anyio.Event()
        self._settled = anyio.Event()

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """What the client declared."""
        return self._client.capabilities

    @property
    def log_level(self) -> LogLevel | None:
        """The least grave log entries that the client wants."""
        return self._client.log_level

    @property
    def wants_progress(self) -> bool:
        """Whether the client gave a token to report progress with."""
        return self.line.asked.token is not None

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """Report progress, if the client asked for it."""
        token = self.line.asked.token
        if token is None:
            return
        said: dict[str, Any] = {"progressToken": token, "progress": progress}
        if total is not None:
            said["total"] = total
        if message is not None:
            said["message"] = sendable(message)
        await self._notify("notifications/progress", said)

    async def log(self, level: LogLevel, data: Any, logger: str | None) -> None:
        """Send a log entry."""
        entry = log_entry(level, data, logger)
        said = entry.params.model_dump(by_alias=True, mode="json", exclude_none=True)
        await self._notify(entry.method, said)

    async def _notify(self, method: str, params: dict[str, Any]) -> None:
        if self._is_over:
            return
        message = types.JSONRPCNotification(jsonrpc="2.0", method=method, params=params)
        with suppress(anyio.BrokenResourceError):  # nobody reads any more
            await self._outgoing.send(SessionMessage(message))

    async def ask(self, request: InputRequest) -> Mapping[str, Any]:
        """Send the question by way of the SDK, which knows what is answered to it."""
        if not self.can_ask:
            raise MissingCapability({CAPABILITY_OF[request.method]: {}})
        self.hand_over()
        await self._reached.wait()
        assert self._channel is not None
        return await self._channel.ask(request)

    def hand_over(self) -> None:
        """Have the SDK take up the request, once."""
        if self.is_handed_over:
            return
        self.is_handed_over = True
        self.exchange.begun = self
        message = types.jsonrpc_message_adapter.validate_json(self.line.text, by_name=False)
        carried = ServerMessageMetadata(request_context=_Carrier({KEY: self.exchange}))
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # the end has come
            self._rest.send_nowait(SessionMessage(message, carried))

    async def result(self, channel: CallChannel) -> ToolResult:
        """For the SDK's handler: wait for the call, and raise what it raised."""
        self._channel = channel
        self._reached.set()
        await self._settled.wait()
        assert self._outcome is not None
        return self._outcome()

    def settle(self, outcome: Outcome) -> None:
        """The call is over, and the SDK is to say what became of it."""
        self._outcome = outcome
        self._settled.set()
        self.hand_over()

    def close(self) -> None:
        """The call is over: nothing is told of it any more but its answer."""
        self._is_over = True
