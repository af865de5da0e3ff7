"""Blocks and results as JSON objects, to be kept and read again."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from toolyard.core.content import Audio, Content, Image, Resource, ResourceLink, Text
from toolyard.core.json_value import is_json
from toolyard.core.tool import ToolResult

_KINDS: Mapping[str, type[Content]] = {
    "text": Text,
    "image": Image,
    "audio": Audio,
    "resource": Resource,
    "link": ResourceLink,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_BYTES = ("data", "blob")


def content_json(block: Content) -> dict[str, Any]:
    """`block` with its `kind`, without what is not set; bytes are in base64."""
    said: dict[str, Any] = {"kind": _NAMES[type(block)]}
    for each in fields(block):
        value = getattr(block, each.name)
        if isinstance(value, bytes):
            value = b64encode(value).decode()
        elif isinstance(block, ResourceLink) and each.name == "icons":
            value = list(map(asdict, block.icons)) or None
        if value is not None:
            said[each.name] = value
    return said


def content_of(said: Mapping[str, Any]) -> Content:
    """The block that `content_json` wrote; `ValueError` or `KeyError` if it is none."""
    members = {name: value for name, value in said.items() if name != "kind"}
    for name in _BYTES:
        if name in members:
            members[name] = b64decode(members[name], validate=True)
    return _adapter(_KINDS[said["kind"]]).validate_python(members)


def result_json(result: ToolResult) -> dict[str, Any]:
    """`result` without its `meta`, and without data that is no JSON; its blocks say the same."""
    said: dict[str, Any] = {"content": list(map(content_json, result.content))}
    if result.structured is not None and is_json(result.structured):
        said["structured"] = result.structured
    if result.is_error:
        said["is_error"] = True
    return said


def result_of(said: Mapping[str, Any]) -> ToolResult:
    """The result that `result_json` wrote."""
    content = tuple(map(content_of, said["content"]))
    return ToolResult(content, said.get("structured"), said.get("is_error", False))


@cache
def _adapter(kind: type[Content]) -> TypeAdapter[Content]:
    return TypeAdapter(kind)
