"""Values and schemas put into words, for messages that a model reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

MOST_CHOICES = 20
LONGEST_VALUE = 80
DEEPEST_REFERENCE = 5

_NOUNS: Mapping[str, str] = {
    "string": "a string",
    "number": "a number",
    "integer": "an integer",
    "boolean": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
}


def place(path: Iterable[str | int]) -> str:
    """A path into the arguments as people write it: `order.items[2].price`."""
    written = ""
    for step in path:
        if isinstance(step, int):
            written += f"[{step}]"
        elif step.isidentifier():
            written += f".{step}" if written else step
        else:
            written += f"[{shortened(step)}]"
    return written or "the arguments"


def shortened(value: Any) -> str:
    """`value` as JSON, cut to about 80 characters."""
    if isinstance(value, str):
        value = value[: LONGEST_VALUE + 1]
    text = ""
    for piece in json.JSONEncoder(ensure_ascii=False).iterencode(value):
        text += piece[: LONGEST_VALUE + 1]
        if len(text) > LONGEST_VALUE:
            return text[: LONGEST_VALUE - 2] + ('…"' if isinstance(value, str) else "…")
    return text


def described(value: Any) -> str:
    """`value`, shortened, with its JSON type."""
    match value:
        case None:
            return "null"
        case bool():
            return f"the boolean {shortened(value)}"
        case str():
            return f"the string {shortened(value)}"
        case int() | float():
            return f"the number {shortened(value)}"
        case dict():
            return f"the object {shortened(value)}"
        case _:
            return f"the array {shortened(value)}"


def expected(schema: Any, root: Mapping[str, Any], depth: int = 0) -> str:
    """What a value must be to suit `schema`, as far as one phrase can say."""
    if not isinstance(schema, Mapping) or depth > DEEPEST_REFERENCE:
        return "another value"
    known = cast("Mapping[str, Any]", schema)
    if "const" in known:
        return shortened(known["const"])
    if "enum" in known:
        return _choice(known["enum"])
    if "$ref" in known:
        return expected(resolved(known["$ref"], root), root, depth + 1)
    for rule in ("anyOf", "oneOf"):
        if rule in known:
            each = [expected(inner, root, depth + 1) for inner in known[rule]]
            return " or ".join(dict.fromkeys(each))
    return _typed(known)


def _typed(schema: Mapping[str, Any]) -> str:
    names: Any = schema.get("type", ())
    names = [names] if isinstance(names, str) else names
    noun = " or ".join(_NOUNS[name] for name in names) or "a value"
    return f"{noun} in {schema['format']} format" if "format" in schema else noun


def _choice(values: Sequence[Any]) -> str:
    if len(values) == 1:
        return shortened(values[0])
    shown = ", ".join(shortened(value) for value in values[:MOST_CHOICES])
    more = f" and {len(values) - MOST_CHOICES} more" if len(values) > MOST_CHOICES else ""
    return f"one of {shown}{more}"


def resolved(reference: str, root: Mapping[str, Any]) -> Any:
    """The schema that `reference` leads to within `root`; `None` if it leads nowhere."""
    registry: Registry[Any] = Registry()
    resource = DRAFT202012.create_resource(root)
    try:
        return registry.resolver_with_root(resource).lookup(reference).contents
    except Unresolvable:
        return None
