"""Arguments as JSON: the form in which they are checked, whoever sent them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, cast

from pydantic_core import from_json, to_json

from toolyard.core.errors import InvalidArguments
from toolyard.core.wording import place

_LONG_NUMBER = re.compile(rb"[0-9][0-9]{308}")
"""As many digits as a number needs to exceed what a double can hold."""


def encode_arguments(tool: str, arguments: Mapping[str, Any]) -> bytes:
    """`arguments` as JSON text, whose numbers are finite doubles.

    Raises:
        InvalidArguments: They are not JSON, too deeply nested, or hold NaN or an infinity.
    """
    try:
        data = to_json(arguments if type(arguments) is dict else dict(arguments))
        if b"NaN" in data or b"Infinity" in data or _has_long_number(data):
            _refuse_endless(tool, from_json(data))
    except ValueError as error:
        raise InvalidArguments(tool, [_reason(error)]) from error
    return data


def decode_arguments(tool: str, data: bytes) -> dict[str, Any]:
    """The arguments in what `encode_arguments` gave; `InvalidArguments` if nested too deeply."""
    try:
        return from_json(data)
    except ValueError as error:
        raise InvalidArguments(tool, [TOO_DEEP]) from error


UNFIT = "the arguments: do not fit the tool's schema."
TOO_DEEP = "the arguments: are nested too deeply."


def _reason(error: ValueError) -> str:
    deep = "depth" in str(error) or "Circular" in str(error) or "recursion" in str(error)
    return TOO_DEEP if deep else "the arguments: hold something that JSON text cannot say."


def _has_long_number(data: bytes) -> bool:
    return len(data) > 308 and _LONG_NUMBER.search(data) is not None


def _refuse_endless(tool: str, arguments: Any) -> None:
    problems = [
        f"{place(path)}: expected a finite number, got one that is too large or none at all."
        for path in _endless(arguments, ())
    ]
    if problems:
        raise InvalidArguments(tool, problems[:10])


def _endless(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """The paths of the numbers in `value` that a double cannot hold."""
    if isinstance(value, int | float):
        if not abs(value) <= sys.float_info.max:
            yield path
    elif isinstance(value, list):
        for index, each in enumerate(cast("list[Any]", value)):
            yield from _endless(each, (*path, index))
    elif isinstance(value, dict):
        for key, each in cast("dict[str, Any]", value).items():
            yield from _endless(each, (*path, key))
