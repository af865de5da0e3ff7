"""The list of tools as bytes, written once for as long as it stays the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from toolyard.core.context import Caller
from toolyard.core.errors import ToolError
from toolyard.core.tool import Tool
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.servers import wire
from toolyard.servers.lane.envelope import MODERN
from toolyard.servers.lane.plain_request import LIST
from toolyard.servers.pages import pages
from toolyard.servers.per_tool import PerTool
from toolyard.servers.plain import plain
from toolyard.servers.scopes import Visible
from toolyard.servers.sdk_state import is_loaded

MOST_KEPT = 64
"""Pages as bytes, of all sets of scopes together; and sets of scopes whose pages are known."""
Parts = Mapping[str | None, tuple[Sequence[Tool], str | None]]
"""The tools on each page, and the cursor of the one that follows; by its own cursor."""
Key = TypeVar("Key")
Kept = TypeVar("Kept")
_WRITER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class _Odd(Exception):
    """A tool that only the SDK can tell how to write."""


class _Schema(msgspec.Struct):
    dialect: str | UnsetType = msgspec.field(default=UNSET, name="$schema")
    # The handshake revisions are strict about these two.
    properties: dict[str, dict[str, Any] | bool] | UnsetType = UNSET
    required: list[str] | UnsetType = UNSET


class _Input(_Schema, kw_only=True):
    type: Literal["object"]


class _Annotations(msgspec.Struct, forbid_unknown_fields=True):
    title: str | UnsetType = UNSET
    read_only: bool | UnsetType = msgspec.field(default=UNSET, name="readOnlyHint")
    destructive: bool | UnsetType = msgspec.field(default=UNSET, name="destructiveHint")
    idempotent: bool | UnsetType = msgspec.field(default=UNSET, name="idempotentHint")
    open_world: bool | UnsetType = msgspec.field(default=UNSET, name="openWorldHint")


class _Tool(msgspec.Struct, forbid_unknown_fields=True):
    """A tool in which nothing is odd: the schemas may say what they like, the rest is known."""

    name: str
    description: str
    input: _Input = msgspec.field(name="inputSchema")
    output: _Schema | UnsetType = msgspec.field(default=UNSET, name="outputSchema")
    title: str | UnsetType = UNSET
    annotations: _Annotations | UnsetType = UNSET


_USUAL = msgspec.json.Decoder(_Tool)
_ANY = msgspec.json.Decoder()


class Listing:
    """The tools that a caller may call, page by page, in one revision of the protocol."""

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
        self._parts: dict[frozenset[str], Parts] = {}
        self._pages: dict[tuple[frozenset[str], str | None], bytes] = {}
        self._texts = PerTool(self._written)

    def page(self, caller: Caller, cursor: str | None) -> bytes | None:
        """The result as JSON; `None` if it is the SDK's to give.

        That is so if a source must be asked first, a tool is odd, or the cursor is not one of
        those that lead through the list as it is now: it may be wrong, or of an earlier list.
        """
        tools = self._registry.fresh_tools
        if tools is None:
            return None
        if tools is not self._tools:
            self._tools, self._visible = tools, Visible(tools)
            self._parts, self._pages = {}, {}
            self._texts.keep(tools)
        key = (caller.scopes, cursor)
        known = self._pages.get(key)
        if known is not None:
            return known
        found = self._parts_for(caller).get(cursor)
        if found is None:
            return None
        try:
            return _kept(self._pages, key, self._page(*found))
        except (ToolError, _Odd):  # the SDK's way says what is wrong, if anything is
            return None

    def _parts_for(self, caller: Caller) -> Parts:
        known = self._parts.get(caller.scopes)
        if known is not None:
            return known
        found = pages(self._visible.to(caller), self._page_size, lambda tool: tool.name)
        return _kept(self._parts, caller.scopes, found)

    def _page(self, part: Sequence[Tool], following: str | None) -> bytes:
        more = {} if following is None else {"nextCursor": following}
        around = _WRITER.encode({**self._rest, **more, "tools": []})
        before, after = around.split('"tools":[]')
        listed = ",".join(map(self._texts.of, part))
        return f'{before}"tools":[{listed}]{after}'.encode()

    def _written(self, tool: Tool) -> str:
        """A tool's JSON as the SDK would send it."""
        written = plain(wire.tool(tool, modern=self._version == MODERN))
        return _usual(written) or self._odd(written)

    def _odd(self, written: wire.Wire) -> str:
        """What the SDK makes of it, which leaves out some of what is odd about it."""
        if not is_loaded():
            raise _Odd
        from mcp_types.methods import serialize_server_result
        from pydantic import ValidationError

        answer = {**self._rest, "tools": [written]}
        try:
            (kept,) = serialize_server_result(LIST, self._version, answer)["tools"]
        except ValidationError as error:
            raise _Odd from error
        return _WRITER.encode(kept)


def _kept(among: dict[Key, Kept], key: Key, value: Kept) -> Kept:
    if len(among) >= MOST_KEPT:
        among.clear()
    among[key] = value
    return value


def _usual(written: wire.Wire) -> str | None:
    """A tool's JSON if the SDK would send all of it; `None` if that is not plain to see."""
    text = _WRITER.encode(written)
    try:
        _USUAL.decode(text)
        is_json = _ANY.decode(text) == written  # no numbers as keys, no tuples
    except (msgspec.DecodeError, RecursionError):
        return None
    schemas = (written["inputSchema"], written.get("outputSchema", {}))
    has_nothing = any(None in schema.values() for schema in schemas)
    return text if is_json and not has_nothing else None
