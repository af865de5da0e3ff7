"""JSON Schemas that every host and model provider reads the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

Schema = dict[str, Any]

ANYTHING: Schema = {
    "anyOf": [{"type": name} for name in ("string", "number", "boolean", "object", "array", "null")]
}
"""Any JSON value, said so that nobody stumbles over a bare `true` or `{}`."""

_ONE = frozenset(
    (
        "items",
        "contains",
        "unevaluatedItems",
        "if",
        "then",
        "else",
        "not",
        "contentSchema",
        "additionalProperties",
        "propertyNames",
        "unevaluatedProperties",
    )
)
"""The keywords whose value is a schema."""
_LISTS = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_MAPS = frozenset(("properties", "patternProperties", "dependentSchemas", "$defs", "definitions"))
_NOTES = frozenset(
    (
        "title",
        "description",
        "default",
        "examples",
        "$comment",
        "deprecated",
        "readOnly",
        "writeOnly",
    )
)
"""The keywords that refuse nothing."""
_NUMERIC = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_BELONGS_TO: Mapping[str, Sequence[str]] = {
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": _NUMERIC,
    "integer": _NUMERIC,
    "array": (
        "items",
        "prefixItems",
        "contains",
        "minContains",
        "maxContains",
        "minItems",
        "maxItems",
        "uniqueItems",
    ),
    "object": (
        "properties",
        "patternProperties",
        "additionalProperties",
        "propertyNames",
        "required",
        "minProperties",
        "maxProperties",
    ),
}
"""The keywords that only mean something for values of one type."""


def subschemas(schema: Mapping[str, Any]) -> Iterator[Any]:
    """The schemas directly inside `schema`; what is data, such as `default`, is passed over."""
    for keyword, value in schema.items():
        if keyword in _ONE:
            yield value
        elif keyword in _LISTS:
            yield from value
        elif keyword in _MAPS:
            yield from value.values()


def every_schema(schema: Any) -> Iterator[Mapping[str, Any]]:
    """`schema` and all schemas inside it, except the bare `true` and `false`."""
    if isinstance(schema, Mapping):
        known = cast("Mapping[str, Any]", schema)
        yield known
        for inner in subschemas(known):
            yield from every_schema(inner)


def portable(schema: Mapping[str, Any]) -> Schema:
    """An equal schema without bare `true`, `{}`, lists of types and `discriminator`.

    Whatever else JSON Schema knows is kept as it is.
    """
    closing = any(key.startswith("unevaluated") for each in every_schema(schema) for key in each)
    return _rewritten(schema, closing)


def _rewritten(schema: Mapping[str, Any], closing: bool) -> Schema:
    """`schema` rewritten; `closing` keeps keywords that only say what was looked at."""
    written: Schema = {}
    for keyword, value in schema.items():
        if keyword == "additionalProperties" and value in (True, {}, ANYTHING) and not closing:
            continue
        if keyword == "discriminator":  # OpenAPI's; the alternatives tell themselves apart
            continue
        written[keyword] = with_subschemas(keyword, value, lambda each: _inner(each, closing))
    return _single_typed(written)


def with_subschemas(keyword: str, value: Any, rewritten: Callable[[Any], Any]) -> Any:
    """The `value` of a keyword with each schema directly in it as `rewritten` has it."""
    if keyword in _ONE:
        return rewritten(value)
    if keyword in _LISTS:
        return [rewritten(each) for each in value]
    if keyword in _MAPS:
        return {name: rewritten(each) for name, each in value.items()}
    return value


def _inner(schema: Any, closing: bool) -> Any:
    if schema is False:
        return schema
    if schema is True or schema.keys() <= _NOTES:
        notes = cast("Schema", {} if schema is True else schema)
        return {**ANYTHING, **notes}
    return _rewritten(schema, closing)


def _single_typed(schema: Schema) -> Schema:
    """`schema` with `anyOf` in place of a list of types, each with the keywords of its type."""
    types: Any = schema.get("type")
    if not isinstance(types, list):
        return schema
    names = cast("list[str]", types)
    if len(names) == 1:
        return {**schema, "type": names[0]}
    owned = {keyword for name in names for keyword in _BELONGS_TO.get(name, ())}
    branches = [_branch(schema, name) for name in names]
    rest = {key: value for key, value in schema.items() if key != "type" and key not in owned}
    if "anyOf" in rest:
        return {**rest, "allOf": [*rest.get("allOf", ()), {"anyOf": branches}]}
    return {"anyOf": branches, **rest}


def _branch(schema: Schema, name: str) -> Schema:
    own = {key: schema[key] for key in _BELONGS_TO.get(name, ()) if key in schema}
    return {"type": name, **own}
