"""Tools on the network: served over MCP, guarded, swapped while they work.

The public names load on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from toolyard.version import __version__

if TYPE_CHECKING:
    from toolyard.builtin_tools.calculator import Calculator as Calculator
    from toolyard.clients.mcp_client import MCPClient as MCPClient
    from toolyard.core.content import Audio as Audio
    from toolyard.core.content import Image as Image
    from toolyard.core.content import Resource as Resource
    from toolyard.core.content import ResourceLink as ResourceLink
    from toolyard.core.content import Text as Text
    from toolyard.core.context import CallContext as CallContext
    from toolyard.core.context import Caller as Caller
    from toolyard.core.errors import ToolError as ToolError
    from toolyard.core.errors import ToolyardError as ToolyardError
    from toolyard.core.protocol import ToolProtocol as ToolProtocol
    from toolyard.core.tool import Tool as Tool
    from toolyard.core.tool import ToolCall as ToolCall
    from toolyard.core.tool import ToolResult as ToolResult
    from toolyard.core.toolbox import Toolbox as Toolbox
    from toolyard.core.toolbox import tool as tool
    from toolyard.core.wrapper import Wrapper as Wrapper
    from toolyard.registry.tool_registry import ToolRegistry as ToolRegistry
    from toolyard.servers.builder import MCPServerBuilder as MCPServerBuilder

_HOMES = {
    "Audio": "core.content",
    "Calculator": "builtin_tools.calculator",
    "CallContext": "core.context",
    "Caller": "core.context",
    "Image": "core.content",
    "MCPClient": "clients.mcp_client",
    "MCPServerBuilder": "servers.builder",
    "Resource": "core.content",
    "ResourceLink": "core.content",
    "Text": "core.content",
    "Tool": "core.tool",
    "ToolCall": "core.tool",
    "ToolError": "core.errors",
    "ToolProtocol": "core.protocol",
    "ToolRegistry": "registry.tool_registry",
    "ToolResult": "core.tool",
    "Toolbox": "core.toolbox",
    "ToolyardError": "core.errors",
    "Wrapper": "core.wrapper",
    "tool": "core.toolbox",
}

__all__ = ["__version__", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'toolyard' has no attribute {name!r}")
    value = getattr(import_module(f"toolyard.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
