"""The way back to the client of a call in the fast lane: saying anything hands the call over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolyard.core.context import LogLevel
from toolyard.core.errors import MissingCapability
from toolyard.core.inputs import CAPABILITY_OF, InputRequest
from toolyard.servers.lane.envelope import Envelope
from toolyard.servers.lane.running_call import RunningCall


class LaneChannel:
    """A `CallChannel` that has the SDK's app take up the request as soon as it is needed."""

    __slots__ = ("_call", "_envelope")

    can_ask = False
    """No server of this revision can; the client repeats the call with its answers."""

    def __init__(self, envelope: Envelope, call: RunningCall) -> None:
        self._envelope = envelope
        self._call = call

    @property
    def capabilities(self) -> Mapping[str, Any]:
        """What the client declared with this request."""
        return self._envelope.capabilities

    @property
    def log_level(self) -> LogLevel | None:
        """What the client asked for with this request."""
        return self._envelope.log_level

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """Report progress, if the client asked for it."""
        if self._envelope.wants_progress:
            channel = await self._call.channel()
            if channel is not None:
                await channel.progress(progress, total, message)

    async def log(self, level: LogLevel, data: Any, logger: str | None) -> None:
        """Send a log entry."""
        channel = await self._call.channel()
        if channel is not None:
            await channel.log(level, data, logger)

    async def ask(self, request: InputRequest) -> Mapping[str, Any]:
        """Refuse: see `can_ask`."""
        raise MissingCapability({CAPABILITY_OF[request.method]: {}})
