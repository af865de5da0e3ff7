"""Values that suit a JSON Schema of the plainest kind, told without a validator."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

_MOST = 1 << 1000
"""Far within what a double can hold."""
_NOTES = frozenset({"title", "description"})
_OBJECT = frozenset({"type", "properties", "required", "additionalProperties"})


def _is_text(value: Any) -> bool:
    return type(value) is str and value.isascii()


def _is_integer(value: Any) -> bool:
    return type(value) is int and -_MOST < value < _MOST


def _is_number(value: Any) -> bool:
    return math.isfinite(value) if type(value) is float else _is_integer(value)


def _is_truth(value: Any) -> bool:
    return type(value) is bool


def _is_length(value: Any) -> bool:
    return _is_integer(value) and value >= 0


@dataclass(frozen=True, slots=True)
class _Kind:
    """A type of values, and the two keywords that bound them."""

    has: Callable[[Any], bool]
    """Whether a value is surely of it."""
    low: str = ""
    high: str = ""
    is_bound: Callable[[Any], bool] = _is_number


_KINDS: Mapping[str, _Kind] = {
    "string": _Kind(_is_text, "minLength", "maxLength", _is_length),
    "integer": _Kind(_is_integer, "minimum", "maximum"),
    "number": _Kind(_is_number, "minimum", "maximum"),
    "boolean": _Kind(_is_truth),
}


@dataclass(frozen=True, slots=True)
class _Property:
    kind: _Kind
    low: float
    high: float

    def suits(self, value: Any) -> bool:
        if not self.kind.has(value):
            return False
        return self.low <= (len(value) if type(value) is str else value) <= self.high


class PlainSchema:
    """An object of texts, numbers and booleans, within bounds at most."""

    def __init__(self, properties: Mapping[str, _Property], required: frozenset[str]) -> None:
        self._properties = properties
        self._required = required

    def suits(self, value: Any) -> bool:
        """Whether `value` is surely valid; of any other a validator has to judge."""
        if type(value) is not dict or not value.keys() >= self._required:
            return False
        for name, each in cast("dict[str, Any]", value).items():
            known = self._properties.get(name)
            if known is None or not known.suits(each):
                return False
        return True


def plain_schema(schema: Mapping[str, Any]) -> PlainSchema | None:
    """`schema` if it is plain, and so a schema that is well formed; else `None`."""
    properties, required = schema.get("properties"), schema.get("required", [])
    if (
        not _holds_only(schema, _OBJECT)
        or schema.get("type") != "object"
        or type(schema.get("additionalProperties", False)) is not bool
        or type(properties) is not dict
        or type(required) is not list
    ):
        return None
    names = cast("list[Any]", required)
    if not all(type(name) is str for name in names) or len(set(names)) < len(names):
        return None
    known: dict[str, _Property] = {}
    for name, each in cast("dict[Any, Any]", properties).items():
        read = _property(each)
        if read is None or not _is_text(name):
            return None
        known[name] = read
    return PlainSchema(known, frozenset(names))


def _property(schema: Any) -> _Property | None:
    if type(schema) is not dict:
        return None
    known = cast("dict[Any, Any]", schema)
    name = known.get("type")
    kind = _KINDS.get(name) if type(name) is str else None
    if kind is None or not _holds_only(known, {"type", kind.low, kind.high}):
        return None
    bounds = [known[word] for word in (kind.low, kind.high) if word in known]
    if not all(map(kind.is_bound, bounds)):
        return None
    return _Property(kind, known.get(kind.low, -math.inf), known.get(kind.high, math.inf))


def _holds_only(schema: Mapping[Any, Any], words: set[str] | frozenset[str]) -> bool:
    """Whether `schema` holds nothing but these and notes for readers."""
    notes = [schema[note] for note in _NOTES if note in schema]
    return schema.keys() <= words | _NOTES and all(map(_is_text, notes))
