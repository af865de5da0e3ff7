"""Arguments as JSON: the form in which they are checked, whoever sent them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, cast

from pydantic_core import from_json, to_json

from toolyard.core.errors import InvalidArguments
from toolyard.core.wording import place

_DIGITS = bytes(ord("0") if chr(code) in "0123456789" else 0 for code in range(256))
_LONG_NUMBER = b"0" * 309
"""As many digits as a number needs to exceed what a double can hold."""
MOST_TOLD = 10


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
    return len(data) > 308 and _LONG_NUMBER in data.translate(_DIGITS)


def _refuse_endless(tool: str, arguments: Any) -> None:
    problems = [
        f"{place(path)}: expected a finite number, got one that is too large or none at all."
        for path in islice(_endless(arguments), MOST_TOLD)
    ]
    if problems:
        raise InvalidArguments(tool, problems)


_Trail = tuple["_Trail", str | int] | None
"""A path from its end: cheap to make longer, and most are never written out."""


def _endless(arguments: Any) -> Iterator[list[str | int]]:
    """The paths of the numbers in `arguments` that a double cannot hold."""
    waiting: list[tuple[dict[str, Any] | list[Any], _Trail]] = [(arguments, None)]
    while waiting:
        whole, trail = waiting.pop()
        parts = whole.items() if isinstance(whole, dict) else enumerate(whole)
        for step, each in parts:
            if isinstance(each, list | dict):
                waiting.append((cast("list[Any]", each), (trail, step)))
            elif isinstance(each, int | float) and not abs(each) <= sys.float_info.max:
                yield _path((trail, step))


def _path(trail: _Trail) -> list[str | int]:
    steps: list[str | int] = []
    while trail is not None:
        trail, step = trail
        steps.append(step)
    return steps[::-1]
