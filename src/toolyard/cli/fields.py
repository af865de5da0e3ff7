"""A field of a form that a foreign tool wants filled: what it shows, what typed words mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any, cast

from toolyard.core.printable import one_line

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Choice:
    """A value there is to choose, and the word for it."""

    value: Value
    shown: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question; what it shows of a foreign schema is safe, what it answers is unchanged."""

    label: str
    kind: str
    """`string`, `integer`, `number`, `boolean`; or `array`, a list of choices."""
    is_required: bool
    choices: Sequence[Choice] = ()
    default: Any = None
    """What nothing typed means; `None` if there is none."""

    def prompt(self) -> str:
        """The question, as it stands before what is typed."""
        shown = [self.label]
        if self.choices:
            shown.append(f"[{'/'.join(choice.shown for choice in self.choices)}]")
        if self.kind in _HINTS:
            shown.append(_HINTS[self.kind])
        if self.default is not None:
            shown.append(f"({one_line(self._worded(self.default))})")
        return " ".join(shown) + ": "

    def answer(self, text: str) -> Any:
        """What `text` says; `None` if that is nothing and nothing is needed.

        Raises:
            ValueError: It says nothing that would fit; the message tells what would.
        """
        if not text and (self.default is not None or not self.is_required):
            return self.default
        if self.kind == "array":
            return [self._chosen(word.strip()) for word in text.split(",") if word.strip()]
        return self._chosen(text) if self.choices else _KINDS[self.kind](text)

    def _chosen(self, word: str) -> Value:
        for choice in self.choices:
            if word in (choice.shown, str(choice.value)):
                return choice.value
        raise ValueError("Please type what stands in brackets.")

    def _worded(self, value: Any) -> str:
        if isinstance(value, list):
            return ", ".join(map(self._worded, cast("list[Any]", value)))
        if isinstance(value, bool):
            return "y" if value else "n"
        words = (choice.shown for choice in self.choices if choice.value == value)
        return next(words, str(value))


def fields_of(schema: Any) -> Mapping[str, Field]:
    """The questions that a form asks, in its order, by the names of their answers.

    Raises:
        ValueError: One of them is of no kind that MCP has.
    """
    form = _mapping(schema)
    required = _list(form.get("required", []))
    return {
        name: field_of(name, field, is_required=name in required)
        for name, field in _mapping(form.get("properties", {})).items()
    }


def field_of(name: str, schema: Any, *, is_required: bool) -> Field:
    """The question that `schema` asks.

    Raises:
        ValueError: It is of no kind that MCP has.
    """
    known = _mapping(schema)
    kind = _kind_of(known)
    choices = _choices_of(_mapping(known.get("items")) if kind == "array" else known)
    if kind == "array" and not choices:
        raise ValueError("a list is one of choices")
    label = one_line(str(known.get("title") or known.get("description") or name))
    field = Field(label, kind, is_required, choices)
    default = known.get("default")
    return replace(field, default=default) if _fits(default, field) else field


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError("not an object")
    return cast("Mapping[str, Any]", value)


def _list(value: Any) -> Sequence[Any]:
    if not isinstance(value, list):
        raise ValueError("not a list")
    return cast("list[Any]", value)


def _kind_of(schema: Mapping[str, Any]) -> str:
    """The one type of a schema; that it may be `null` too changes nothing here."""
    said = schema.get("type", "string")
    kinds = [kind for kind in (_list(said) if isinstance(said, list) else [said]) if kind != "null"]
    if len(kinds) != 1 or kinds[0] not in (*_KINDS, "array"):
        raise ValueError("not one known type")
    return kinds[0]


def _choices_of(schema: Mapping[str, Any]) -> Sequence[Choice]:
    """What there is to choose from, in any of the three ways MCP has to say it."""
    for titled in ("oneOf", "anyOf"):
        if titled in schema:
            listed = [_mapping(one) for one in _list(schema[titled])]
            return [_choice(one.get("const"), one.get("title")) for one in listed]
    values = _list(schema.get("enum", []))
    words = _list(schema.get("enumNames", []))
    return [_choice(*pair) for pair in zip_longest(values, words[: len(values)])]


def _choice(value: Any, title: Any) -> Choice:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("not a value to choose")
    return Choice(value, one_line(title if isinstance(title, str) and title else str(value)))


def _fits(default: Any, field: Field) -> bool:
    """Whether a foreign default can be an answer."""
    values = [choice.value for choice in field.choices]
    if field.kind == "array":
        return isinstance(default, list) and all(one in values for one in _list(default))
    if values:
        return default in values
    if isinstance(default, float) and not math.isfinite(default):
        return False
    return type(default) in _TYPES[field.kind]


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("Please type a whole number.") from None


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("Please type a number.")
    return number


def _yes(text: str) -> bool:
    word = text.lower()
    if word in ("y", "yes", "true"):
        return True
    if word in ("n", "no", "false"):
        return False
    raise ValueError("Please type y or n.")


_KINDS: Mapping[str, Callable[[str], Value]] = {
    "string": str,
    "integer": _whole,
    "number": _number,
    "boolean": _yes,
}
_TYPES: Mapping[str, Sequence[type]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
_HINTS: Mapping[str, str] = {"boolean": "[y/n]", "array": "with commas"}
