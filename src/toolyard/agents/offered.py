"""What an agent may be given as tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from toolyard.core.protocol import ToolProtocol
from toolyard.core.toolbox import Toolbox
from toolyard.registry.tool_registry import ToolRegistry

Offered = ToolProtocol | Callable[..., Any]
"""A source of tools, or a function that is one tool."""

FUNCTIONS = "functions"
"""The mount of an agent's own functions."""


def registry_of(tools: Mapping[str, Offered] | Sequence[Offered]) -> ToolRegistry:
    """A registry of `tools`, mounted by their names; unnamed functions are one mount."""
    registry = ToolRegistry()
    if isinstance(tools, Mapping):
        for name, each in tools.items():
            registry.expect(name, each if isinstance(each, ToolProtocol) else _toolbox([each]))
        return registry
    sources = [each for each in tools if isinstance(each, ToolProtocol)]
    functions = [each for each in tools if not isinstance(each, ToolProtocol)]
    for number, source in enumerate(sources):
        registry.expect(f"source-{number}", source)
    if functions:
        registry.expect(FUNCTIONS, _toolbox(functions))
    return registry


def _toolbox(functions: Sequence[Callable[..., Any]]) -> Toolbox:
    toolbox = Toolbox()
    for each in functions:
        toolbox.add(each)
    return toolbox
