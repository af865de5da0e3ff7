"""Which tools have arguments that clients mirror into headers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from toolyard.core.tool import Tool
from toolyard.registry.tool_registry import ToolRegistry

MARK = '"x-mcp-header"'


class Mirrors:
    """Looks for the mark in each schema once: the SDK walks the whole schema to find it."""

    def __init__(self, registry: ToolRegistry) -> None:
        self._registry = registry
        self._known: dict[str, tuple[Tool, Mapping[str, Any] | None]] = {}

    def schema(self, name: str) -> Mapping[str, Any] | None:
        """The schema of the tool's arguments if any of them is mirrored, else `None`."""
        tool = self._registry.find(name)
        if tool is None:
            return None
        known = self._known.get(name)
        if known is None or known[0] is not tool:
            mirrors = MARK in json.dumps(tool.input_schema)
            known = self._known[name] = (tool, tool.input_schema if mirrors else None)
        return known[1]
