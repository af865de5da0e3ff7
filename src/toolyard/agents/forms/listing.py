"""Tools as a model reads of them in a text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from toolyard.core.tool import Tool


def listed(tools: Sequence[Tool]) -> str:
    """Each tool with its parameters, in order."""
    return "\n".join(line for tool in tools for line in _lines(tool))


def _lines(tool: Tool) -> Iterator[str]:
    yield f"- {tool.name}: {' '.join(tool.description.split())}"
    schema = tool.input_schema
    required = schema.get("required", ())
    properties: Mapping[str, Any] = schema.get("properties", {})
    for name, said in properties.items():
        known: Mapping[str, Any] = {} if isinstance(said, bool) else said
        needed = "" if name in required else ", may be left out"
        described = " ".join(str(known.get("description", "")).split())
        yield f"  - {name} ({_kind(known)}{needed}){': ' if described else ''}{described}"
    if "$defs" in schema:
        yield f"  where: {json.dumps(schema['$defs'], ensure_ascii=False)}"


def _kind(schema: Mapping[str, Any]) -> str:
    """A type in one word where that says all; otherwise the schema itself."""
    rest = schema.keys() - {"type", "description", "title", "default"}
    kind = schema.get("type")
    if isinstance(kind, str) and not rest:
        return kind
    said = {key: value for key, value in schema.items() if key not in ("description", "title")}
    return json.dumps(said, ensure_ascii=False)
