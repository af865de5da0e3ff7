"""How often pydantic may try alternatives inside alternatives before it has validated a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, cast

MOST_TRIED = 300_000
"""Values, each as often as it is tried; about 100 ms."""

_OBJECTS = ("model-fields", "typed-dict", "dataclass", "dataclass-args", "dict", "tagged-union")
_ARRAYS = ("list", "set", "frozenset", "tuple", "generator", "call")
_INNER = ("schema", "json_schema", "strict_schema")
"""Where a core schema that is but a wrapper keeps what it wraps."""


class Branching(NamedTuple):
    """The alternatives that are tried at each object, and at each array, in another one."""

    objects: int = 1
    arrays: int = 1

    def is_bearable(self, arguments: Mapping[str, Any]) -> bool:
        """Whether trying all alternatives in `arguments` takes no longer than a moment."""
        if self == Branching():
            return True
        tried = 0
        waiting: list[tuple[Any, int]] = [(each, 1) for each in arguments.values()]
        while waiting and tried <= MOST_TRIED:
            value, times = waiting.pop()
            tried += times
            if isinstance(value, dict):
                parts = cast("dict[str, Any]", value).values()
                waiting.extend((each, times * self.objects) for each in parts)
            elif isinstance(value, list):
                parts = cast("list[Any]", value)
                waiting.extend((each, times * self.arrays) for each in parts)
        return tried <= MOST_TRIED


def branching_of(core_schema: Mapping[str, Any]) -> Branching:
    """The branching of the widest union that can hold itself, in a pydantic core schema."""
    definitions = {each["ref"]: each for each in core_schema.get("definitions", ())}
    leads = {name: _references(each) for name, each in definitions.items()}
    found = Branching()
    for name, definition in definitions.items():
        if _leads_back(name, leads):
            for each in _inside(definition, _is_union):
                objects, arrays = _taking(each, definitions)
                found = Branching(max(found.objects, objects), max(found.arrays, arrays))
    return found


def _is_union(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "union"


def _is_reference(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "definition-ref"


def _inside(
    schema: object, is_meant: Callable[[Mapping[str, Any]], bool]
) -> Iterator[Mapping[str, Any]]:
    if isinstance(schema, dict):
        known = cast("dict[str, Any]", schema)
        if is_meant(known):
            yield known
        for key, each in known.items():
            if key not in ("metadata", "default"):
                yield from _inside(each, is_meant)
    elif isinstance(schema, list | tuple):
        for each in cast("list[Any]", schema):
            yield from _inside(each, is_meant)


def _references(schema: object) -> set[str]:
    return {each["schema_ref"] for each in _inside(schema, _is_reference)}


def _leads_back(name: str, leads: Mapping[str, set[str]]) -> bool:
    """Whether a definition holds itself, however far down."""
    found: set[str] = set()
    waiting = set(leads[name])
    while waiting:
        found |= waiting
        waiting = set[str]().union(*(leads[each] for each in waiting)) - found
    return name in found


def _taking(
    schema: Any, definitions: Mapping[str, Any], seen: frozenset[str] = frozenset()
) -> tuple[int, int]:
    """How many alternatives of `schema` take an object, and how many an array."""
    if isinstance(schema, tuple):  # a choice with its label
        schema = cast("tuple[Any, str]", schema)[0]
    kind = schema["type"]
    if kind == "definition-ref":
        reference = schema["schema_ref"]
        inner = {"type": "any"} if reference in seen else definitions[reference]
        return _taking(inner, definitions, seen | {reference})
    if kind in _OBJECTS or kind in _ARRAYS:
        return int(kind in _OBJECTS), int(kind in _ARRAYS)
    if kind == "union":
        counts = [_taking(each, definitions, seen) for each in schema["choices"]]
        return sum(objects for objects, _ in counts), sum(arrays for _, arrays in counts)
    inner = next((schema[key] for key in _INNER if key in schema), None)
    return _taking(inner, definitions, seen) if inner else (0, 0)
