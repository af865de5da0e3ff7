"""Tools as a model reads of them in a text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from toolyard.core.tool import Tool


def listed(tools: Sequence[Tool]) -> str:
    """Each tool with its parameters, in order."""
    return "\n".join(line for tool in tools for line in _lines(tool))


def _lines(tool: Tool) -> Iterator[str]:
    yield f"- {tool.name}: {' '.join(tool.description.split())}"
    schema = tool.input_schema
    required: Any = schema.get("required")
    needs = cast("Sequence[Any]", required) if isinstance(required, list | tuple) else ()
    for name, said in _mapping(schema.get("properties")).items():
        known = _mapping(said)
        needed = "" if name in needs else ", may be left out"
        described = " ".join(str(known.get("description", "")).split())
        yield f"  - {name} ({_kind(known)}{needed}){': ' if described else ''}{described}"
    if "$defs" in schema:
        yield f"  where: {json.dumps(schema['$defs'], ensure_ascii=False)}"


def _mapping(said: Any) -> Mapping[str, Any]:
    """Nothing if it is no object: what a remote source writes may be anything."""
    return cast("Mapping[str, Any]", said) if isinstance(said, Mapping) else {}


def _kind(schema: Mapping[str, Any]) -> str:
    """A type in one word where that says all; otherwise the schema itself."""
    rest = schema.keys() - {"type", "description", "title", "default"}
    kind = schema.get("type")
    if isinstance(kind, str) and not rest:
        return kind
    said = {key: value for key, value in schema.items() if key not in ("description", "title")}
    return json.dumps(said, ensure_ascii=False)
