"""JSON Schemas as providers want them that keep an answer to a schema word by word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

Schema = Mapping[str, Any]

_BY_NAME = ("properties", "$defs", "definitions", "patternProperties")
_ONE = ("items", "additionalProperties", "not", "if", "then", "else")
_MANY = ("anyOf", "oneOf", "allOf", "prefixItems")


def strict_form(schema: Schema) -> Schema:
    """`schema` with every object saying all that it has, and that it always has it.

    What may be left out has to be there then, which a model can do and a reader does not mind.
    Objects whose members are not known by name stay as they are.
    """
    return _each(schema, _closed)


def is_strict(schema: Schema) -> bool:
    """Whether every object in `schema` says all that it has, and that it always has it."""
    found: list[bool] = []

    def look(each: Schema) -> Schema:
        found.append(not _is_object(each) or _is_closed(each))
        return each

    _each(schema, look)
    return all(found)


def _closed(schema: Schema) -> Schema:
    if "properties" not in schema or schema.get("additionalProperties"):
        return schema
    kept = {key: value for key, value in schema.items() if key != "default"}
    return {**kept, "required": list(schema["properties"]), "additionalProperties": False}


def _is_object(schema: Schema) -> bool:
    return schema.get("type") == "object" or "properties" in schema


def _is_closed(schema: Schema) -> bool:
    properties: Schema = schema.get("properties", {})
    required: Sequence[str] = schema.get("required", ())
    return schema.get("additionalProperties") is False and set(required) == set(properties)


def _each(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """`schema` with it, and every schema inside of it, as `change` gives it."""

    def within(value: Any) -> Any:
        return _each(cast("Schema", value), change) if isinstance(value, Mapping) else value

    inner = dict(schema)
    for key in inner.keys() & _BY_NAME:
        inner[key] = {name: within(each) for name, each in inner[key].items()}
    for key in inner.keys() & _ONE:
        inner[key] = within(inner[key])
    for key in inner.keys() & _MANY:
        inner[key] = list(map(within, inner[key]))
    return change(inner)
