"""Arguments that are plainly right, told without a validator."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from toolyard.core.signature import UNSAID, Parameter

_MOST = 1 << 1000
"""Far within what a double can hold."""
_EXACT = 1 << 53
"""The largest whole number up to which a double holds each."""

_IS_PLAIN: Mapping[object, Callable[[Any], bool]] = {
    bool: lambda value: True,
    int: lambda value: -_MOST < value < _MOST,
    float: math.isfinite,
    str: str.isascii,
}
"""By type: whether a value of exactly that type is right, whatever else there is to know."""


def _is_plain(parameter: Parameter) -> bool:
    kind, default = parameter.annotation, parameter.default
    return any(kind is each for each in _IS_PLAIN) and (default is UNSAID or type(default) is kind)


class PlainArguments:
    """Takes the values of a function all of whose parameters are numbers, texts, true or false."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self._kinds: Mapping[str, Any] = {each.name: each.annotation for each in parameters}
        self._defaults = {
            each.name: each.default for each in parameters if each.default is not UNSAID
        }
        self._is_of_use = all(map(_is_plain, parameters))

    def taken(self, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """The values to call the function with; `None` if a validator must look at them."""
        if not self._is_of_use:
            return None
        values = {**self._defaults, **arguments}
        for name, value in arguments.items():
            kind = self._kinds.get(name)
            if kind is float and type(value) is int and -_EXACT <= value <= _EXACT:
                values[name] = float(value)
            elif type(value) is not kind or not _IS_PLAIN[kind](value):
                return None
        return values if len(values) == len(self._kinds) else None
