"""A source of which only some tools are offered."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from toolyard.core.context import CallContext
from toolyard.core.errors import UnknownName
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.core.wrapper import Wrapper


class NameFilter(Wrapper):
    """Offers the tools of `source` whose names fit; others cannot be called either.

    Args:
        source: The source.
        only: Patterns with `*` and `?`, in the same case; all tools if not given.
        without: Patterns of tools to leave out, which win.
    """

    def __init__(
        self,
        source: ToolProtocol,
        *,
        only: Sequence[str] | None = None,
        without: Sequence[str] = (),
    ) -> None:
        super().__init__(source)
        self._only = None if only is None else tuple(only)
        self._without = tuple(without)

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """The tools whose names fit."""
        listed = await self.source.list_tools(context)
        return [tool for tool in listed if self._fits(tool.name)]

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Call the source; `UnknownName` if the tool's name does not fit."""
        if not self._fits(call.name):
            raise UnknownName("tool", call.name)
        return await self.source.call_tool(call, context)

    def _fits(self, name: str) -> bool:
        if any(fnmatchcase(name, pattern) for pattern in self._without):
            return False
        return self._only is None or any(fnmatchcase(name, each) for each in self._only)
