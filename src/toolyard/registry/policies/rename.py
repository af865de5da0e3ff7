"""A source whose tools have other names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from toolyard.core.context import CallContext
from toolyard.core.errors import ConfigError, UnknownName
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import TOOL_NAME, Tool, ToolCall, ToolResult
from toolyard.core.wrapper import Wrapper


class Rename(Wrapper):
    """Offers tools of `source` under other names; under its own name such a tool is unknown.

    Args:
        source: The source.
        names: For each of its tools that gets another name, that name.

    Raises:
        ConfigError: A new name is not fit for hosts, or is given twice.
    """

    def __init__(self, source: ToolProtocol, names: Mapping[str, str]) -> None:
        super().__init__(source)
        self._new = dict(names)
        self._own = {new: own for own, new in names.items()}
        for new in self._new.values():
            if not TOOL_NAME.fullmatch(new):
                raise ConfigError(f"rename: {new!r} is no name of 1 to 64 letters, digits, _, -.")
        if len(self._own) < len(self._new):
            raise ConfigError("rename: two tools would get the same name.")

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """The tools under the names they have here."""
        listed = await self.source.list_tools(context)
        return [
            replace(tool, name=self._new[tool.name]) if tool.name in self._new else tool
            for tool in listed
        ]

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Call the source, which knows the tool by its own name."""
        own = self._own.get(call.name)
        if own is None and call.name in self._new:
            raise UnknownName("tool", call.name)
        return await self.source.call_tool(
            call if own is None else replace(call, name=own), context
        )
