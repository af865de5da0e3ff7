"""Whether a value is one that JSON can say as it is."""

from __future__ import annotations

from math import isfinite
from typing import Any

_SIMPLE = frozenset({str, int, bool, type(None)})


def is_json(value: object) -> bool:
    """Whether `value` is made of what a JSON parser gives, and of nothing else.

    Subclasses may be written in some way of their own, tuples come back as lists, and only text
    can name a member. How deep it goes does not matter: what is too deep to look at is none.
    """
    try:
        return type(value) in _SIMPLE or _holds_json(value)
    except RecursionError:
        return False


def _holds_json(value: Any) -> bool:
    kind: object = type(value)  # pyright: ignore[reportUnknownVariableType]
    if kind is dict:
        for name, member in value.items():
            if type(name) is not str:
                return False
            if type(member) not in _SIMPLE and not _holds_json(member):
                return False
        return True
    if kind is list:
        for member in value:
            if type(member) not in _SIMPLE and not _holds_json(member):
                return False
        return True
    return kind is float and isfinite(value)
