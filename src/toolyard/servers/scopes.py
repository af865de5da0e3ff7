"""Which scope a caller needs for what is served."""

from __future__ import annotations

from collections.abc import Sequence

from toolyard.core.call_scope import CallScope
from toolyard.core.context import EVERYTHING, CallContext, Caller, scope_of
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

    async def call(
        self, call: ToolCall, context: CallContext, scope: CallScope | None = None
    ) -> ToolResult:
        """Run the tool that has the name now: a source may have changed it since it was listed.

        Args:
            call: By the name that is shown.
            context: Whose caller must have the scope.
            scope: The one in which the call runs, if there is one.

        Raises:
            NotAllowed: The caller has not the scope for that one.
        """

        def admit(tool: Tool) -> None:
            if not context.caller.may(of_tool(tool)):
                raise NotAllowed(of_tool(tool))

        return await self._registry.call_tool(call, context, admit=admit, scope=scope)


class Visible:
    """A list of tools, and what each caller sees of it."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self.tools = tools
        self._has_scopes = any(tool.scope for tool in tools)

    def to(self, caller: Caller) -> Sequence[Tool]:
        """The tools that `caller` may call; the very same object if that is all."""
        if EVERYTHING in caller.scopes and not self._has_scopes:
            return self.tools
        return [tool for tool in self.tools if caller.may(of_tool(tool))]


def of_tool(tool: Tool) -> str:
    """The scope that calling `tool` needs."""
    return tool.scope or scope_of("tool", tool.name)
