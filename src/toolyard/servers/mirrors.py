"""Which tools have arguments that clients mirror into headers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from toolyard.core.protocol import Change
from toolyard.core.tool import Tool
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.servers.per_tool import PerTool

MARK = '"x-mcp-header"'


class Mirrors:
    """Looks for the mark in each schema once: the SDK walks the whole schema to find it."""

    def __init__(self, registry: ToolRegistry) -> None:
        self._registry = registry
        self._schemas = PerTool(_mirrored)
        registry.subscribe(self._forget)

    def schema(self, name: str) -> Mapping[str, Any] | None:
        """The schema of the tool's arguments if any of them is mirrored, else `None`."""
        tool = self._registry.find(name)
        return None if tool is None else self._schemas.of(tool)

    def _forget(self, change: Change) -> None:
        tools = self._registry.fresh_tools
        if change.kind == "tools" and tools is not None:
            self._schemas.keep(tools)


def _mirrored(tool: Tool) -> Mapping[str, Any] | None:
    return tool.input_schema if MARK in json.dumps(tool.input_schema) else None
