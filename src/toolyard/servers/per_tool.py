"""What is made of each tool once, and kept for as long as there is that very tool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from toolyard.core.tool import Tool

T = TypeVar("T")


class PerTool(Generic[T]):
    """Makes something of tools with `make`, anew only if a tool of that name is another one."""

    def __init__(self, make: Callable[[Tool], T]) -> None:
        self._make = make
        self._made: dict[str, tuple[Tool, T]] = {}
        self._tools: Sequence[Tool] | None = None

    def of(self, tool: Tool) -> T:
        """What was made of `tool`."""
        known = self._made.get(tool.name)
        if known is None or known[0] is not tool:
            known = self._made[tool.name] = (tool, self._make(tool))
        return known[1]

    def keep(self, tools: Sequence[Tool]) -> None:
        """Forget what was made of all others; costs nothing while `tools` is the same object."""
        if tools is not self._tools:
            self._tools = tools
            names = {tool.name for tool in tools}
            self._made = {name: made for name, made in self._made.items() if name in names}
