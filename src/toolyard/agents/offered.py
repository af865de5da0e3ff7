"""What an agent may be given as tools."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from toolyard.core.protocol import ToolProtocol
from toolyard.core.toolbox import Toolbox
from toolyard.registry.tool_registry import ToolRegistry

Offered = ToolProtocol | Callable[..., Any]
"""A source of tools, or a function that is one tool."""

FUNCTIONS = "functions"
"""The mount of an agent's own functions."""


def registry_of(tools: Sequence[Offered]) -> ToolRegistry:
    """A registry of sources, and of a toolbox with the functions."""
    sources = [each for each in tools if isinstance(each, ToolProtocol)]
    functions = [each for each in tools if not isinstance(each, ToolProtocol)]
    registry = ToolRegistry(*sources)
    if functions:
        toolbox = Toolbox()
        for each in functions:
            toolbox.add(each)
        registry.expect(FUNCTIONS, toolbox)
    return registry
