"""No call of a source takes longer than it may."""

from __future__ import annotations

from dataclasses import replace

import anyio

from toolyard.core.context import CallContext
from toolyard.core.errors import CallTimeout, ConfigError
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import ToolCall, ToolResult
from toolyard.core.wrapper import Wrapper


class TimeLimit(Wrapper):
    """Ends each call of `source` after `limit_s` seconds; the source sees the deadline before.

    Raises:
        ConfigError: `limit_s` is not above 0.
    """

    def __init__(self, source: ToolProtocol, limit_s: float) -> None:
        if not 0 < limit_s < float("inf"):
            raise ConfigError(f"A time limit is above 0 seconds, not {limit_s:g}.")
        super().__init__(source)
        self._limit_s = limit_s

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Call the source.

        Raises:
            CallTimeout: It took longer.
        """
        deadline = min(context.deadline, anyio.current_time() + self._limit_s)
        with anyio.CancelScope(deadline=deadline) as scope:
            return await self.source.call_tool(call, replace(context, deadline=deadline))
        assert scope.cancelled_caught
        raise CallTimeout(call.name, self._limit_s)
