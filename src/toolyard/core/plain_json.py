"""Values that are JSON already, told without writing them out."""

from __future__ import annotations

import math
from itertools import islice
from typing import cast

MOST_PARTS = 100
"""Beyond so many values, writing and reading them is as fast as looking at each."""


def is_plain_json(value: object) -> bool:
    """Whether `value` is surely what parsing its JSON text would give.

    Large texts hardly take longer than small ones. `False` for what has many parts.
    """
    waiting: list[object] = [value]
    left = MOST_PARTS
    while waiting:
        each, left = waiting.pop(), left - 1
        kind = type(each)
        if left < 0 or not (kind in (dict, list) or _is_plain_scalar(each)):
            return False
        if kind is list:
            waiting += cast("list[object]", each)[: left + 1]
        elif kind is dict:
            pairs = list(islice(cast("dict[object, object]", each).items(), left + 1))
            if not all(isinstance(key, str) and _is_plain_scalar(key) for key, _ in pairs):
                return False
            waiting += [inner for _, inner in pairs]
    return True


def _is_plain_scalar(value: object) -> bool:
    if isinstance(value, str):
        return type(value) is str and _is_sendable(value)
    if isinstance(value, float):
        return type(value) is float and math.isfinite(value)
    return value is None or type(value) in (bool, int)


def _is_sendable(text: str) -> bool:
    """Whether UTF-8 can hold it; what is ASCII knows that of itself."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
