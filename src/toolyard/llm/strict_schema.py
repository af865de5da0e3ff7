"""JSON Schemas as providers want them that keep an answer to a schema word by word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

Schema = Mapping[str, Any]

_BY_NAME = ("properties", "$defs", "definitions", "patternProperties")
_ONE = ("items", "additionalProperties", "not", "if", "then", "else")
_MANY = ("anyOf", "oneOf", "allOf", "prefixItems")


def is_strict(schema: Schema) -> bool:
    """Whether every object in `schema` says all that it has, and that it always has it."""
    return all(map(_is_closed, _objects(schema)))


def _is_closed(schema: Schema) -> bool:
    properties: Schema = schema.get("properties", {})
    required: Sequence[str] = schema.get("required", ())
    return schema.get("additionalProperties") is False and set(required) == set(properties)


def _objects(schema: Schema) -> Iterator[Schema]:
    waiting: list[Any] = [schema]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, Mapping):
            continue
        inner = cast("Schema", each)
        if inner.get("type") == "object" or "properties" in inner:
            yield inner
        for key in _BY_NAME:
            waiting.extend(cast("Schema", inner.get(key, {})).values())
        waiting.extend(inner.get(key) for key in _ONE)
        for key in _MANY:
            waiting.extend(inner.get(key, ()))
