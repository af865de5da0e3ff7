"""Which scope a caller needs for what is served."""

from __future__ import annotations

from toolyard.core.context import CallContext, scope_of
from toolyard.core.errors import NotAllowed
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.registry.tool_registry import ToolRegistry


class Scopes:
    """Knows the tools that ask for a scope of their own."""

    def __init__(self, registry: ToolRegistry) -> None:
        self._registry = registry

    def needed(self, kind: str, name: str) -> str:
        """The scope for that `tool`, `prompt` or `resource`, whether there is one or not."""
        tool = self._registry.find(name) if kind == "tool" else None
        return scope_of(kind, name) if tool is None else of_tool(tool)

    async def call(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Run the tool that has the name now: a source may have changed it since it was listed.

        Raises:
            NotAllowed: The caller has not the scope for that one.
        """

        def admit(tool: Tool) -> None:
            if not context.caller.may(of_tool(tool)):
                raise NotAllowed(of_tool(tool))

        return await self._registry.call_tool(call, context, admit=admit)


def of_tool(tool: Tool) -> str:
    """The scope that calling `tool` needs."""
    return tool.scope or scope_of("tool", tool.name)
