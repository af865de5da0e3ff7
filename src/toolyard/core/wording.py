"""Values and schemas put into words, for messages that a model reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

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
        elif len(step) <= LONGEST_VALUE and step.isidentifier():
            written += f".{step}" if written else step
        else:
            written += f"[{shortened(step)}]"
    return written or "the arguments"


def shortened(value: Any) -> str:
    """`value` as JSON, cut to about 80 characters."""
    text = ""
    for piece in _pieces(value):
        text += piece
        if len(text) > LONGEST_VALUE:
            return text[: LONGEST_VALUE - 2] + ('…"' if isinstance(value, str) else "…")
    return text


def _pieces(value: Any) -> Iterator[str]:
    """`value` as JSON, bit by bit, so that nobody writes more than is shown."""
    if isinstance(value, list):
        yield from _listed("[", map(_pieces, cast("list[Any]", value)), "]")
    elif isinstance(value, dict):
        entries = cast("dict[str, Any]", value).items()
        yield from _listed("{", (_entry(name, each) for name, each in entries), "}")
    else:
        short = value[: LONGEST_VALUE + 1] if isinstance(value, str) else value
        yield json.dumps(short, ensure_ascii=False)


def _entry(name: str, value: Any) -> Iterator[str]:
    yield from _pieces(name)
    yield ": "
    yield from _pieces(value)


def _listed(start: str, parts: Iterable[Iterator[str]], end: str) -> Iterator[str]:
    yield start
    for index, part in enumerate(parts):
        if index:
            yield ", "
        yield from part
    yield end


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
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    registry: Registry[Any] = Registry()
    resource = DRAFT202012.create_resource(root)
    try:
        return registry.resolver_with_root(resource).lookup(reference).contents
    except Unresolvable:
        return None
