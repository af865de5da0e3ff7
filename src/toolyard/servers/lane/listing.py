"""The list of tools as bytes, written once for as long as it stays the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mcp_types.methods import serialize_server_result
from pydantic import ValidationError

from toolyard.core.context import Caller
from toolyard.core.errors import ToolError
from toolyard.core.tool import Tool
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.servers import wire
from toolyard.servers.lane.request import LIST, MODERN
from toolyard.servers.pages import page
from toolyard.servers.plain import plain
from toolyard.servers.scopes import Visible

MOST_KEPT = 64
"""Lists, one for each set of scopes."""
_WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class Listing:
    """The first page of the tools that a caller may call, in one revision of the protocol."""

    def __init__(
        self, registry: ToolRegistry, version: str, page_size: int, rest: Mapping[str, Any]
    ) -> None:
        self._registry = registry
        self._version = version
        self._page_size = page_size
        self._rest = rest
        """What stands beside the tools on each page."""
        self._tools: Sequence[Tool] | None = None
        self._visible = Visible(())
        self._pages: dict[frozenset[str], bytes] = {}
        self._texts: dict[str, tuple[Tool, str]] = {}

    def first_page(self, caller: Caller) -> bytes | None:
        """The result as JSON; `None` if a source must be asked first, or a tool is odd."""
        tools = self._registry.fresh_tools
        if tools is None:
            return None
        if tools is not self._tools:
            self._tools, self._visible, self._pages = tools, Visible(tools), {}
        known = self._pages.get(caller.scopes)
        if known is None:
            if len(self._pages) >= MOST_KEPT:
                self._pages.clear()
            try:
                known = self._pages[caller.scopes] = self._page(caller)
            except (ToolError, ValidationError):  # the SDK's way says what is wrong
                return None
        return known

    def _page(self, caller: Caller) -> bytes:
        visible = self._visible.to(caller)
        part, following = page(visible, None, self._page_size, lambda tool: tool.name)
        texts = {tool.name: (tool, self._text(tool)) for tool in part}
        self._texts = {**self._texts, **texts} if len(texts) < len(self._visible.tools) else texts
        more = {} if following is None else {"nextCursor": following}
        around = _WRITER.encode({**self._rest, **more, "tools": []})
        before, after = around.split('"tools":[]')
        listed = ",".join(text for _, text in texts.values())
        return f'{before}"tools":[{listed}]{after}'.encode()

    def _text(self, tool: Tool) -> str:
        """A tool's JSON as the SDK would send it, made anew only if the tool is another one."""
        known = self._texts.get(tool.name)
        if known is not None and known[0] is tool:
            return known[1]
        written = plain(wire.tool(tool, modern=self._version == MODERN))
        answer = serialize_server_result(LIST, self._version, {**self._rest, "tools": [written]})
        return _WRITER.encode(answer["tools"][0])
