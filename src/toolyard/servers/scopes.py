"""Which scope a caller needs for what is served."""

from __future__ import annotations

from collections.abc import Sequence

from toolyard.core.context import EVERYTHING, Caller, scope_of
from toolyard.core.errors import NotAllowed
from toolyard.core.tool import Tool
from toolyard.registry.tool_registry import ToolRegistry


class Scopes:
    """Knows the tools that ask for a scope of their own."""

    def __init__(self, registry: ToolRegistry) -> None:
        self._registry = registry

    def needed(self, kind: str, name: str) -> str:
        """The scope for that `tool`, `prompt` or `resource`, whether there is one or not."""
        tool = self._registry.find(name) if kind == "tool" else None
        return scope_of(kind, name) if tool is None else of_tool(tool)


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


def refuse_unless_may(caller: Caller, needed: str) -> None:
    """Raise `NotAllowed` unless `caller` has the scope `needed`."""
    if not caller.may(needed):
        raise NotAllowed(needed)


def of_tool(tool: Tool) -> str:
    """The scope that calling `tool` needs."""
    return tool.scope or scope_of("tool", tool.name)
