"""Schemas of objects: what is wanted where only an object may stand."""

from __future__ import annotations

from toolyard.core.portable import Schema

MEMBER = "result"
"""Under which a value that is no object stands in one."""


def inlined(schema: Schema) -> Schema:
    """`schema` with its type at the root, also where pydantic put a reference there."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    named = schema["$defs"][reference.removeprefix("#/$defs/")]
    return {**named, "$defs": schema["$defs"]}


def wrapped(schema: Schema) -> Schema:
    """The schema of an object whose only member is what `schema` describes."""
    inner = {key: value for key, value in schema.items() if key != "$defs"}
    outer: Schema = {"type": "object", "properties": {MEMBER: inner}, "required": [MEMBER]}
    return {**outer, "$defs": schema["$defs"]} if "$defs" in schema else outer
