"""JSON with the mistakes that models make, repaired with a bounded amount of work."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import SupportsIndex

from pydantic_core import from_json

MOST_STEPS = 500_000
"""Letters that repairs may look at in all, less than a second; about three for each letter."""
MOST_LETTERS = 100_000
"""Of one value to be repaired."""
_STEPS_PER_VALUE = 500
"""What to begin with one costs."""

_QUOTES = r"\"'`\u2018\u2019\u201c\u201d"
_START = re.compile(
    rf"\{{\s*+(?=[{_QUOTES}}}]|[A-Za-z_][\w-]*+\s*+:)|\[\s*+(?=[\[\]{{{_QUOTES}\w-])"
)
_STEP = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)


class Unrepairable(Exception):
    """A text cannot be made JSON with reasonable work; the text says why."""


class Repairs:
    """Repairs JSON until it has done as much as is reasonable.

    It knows trailing and missing commas, strings and brackets without an end, quotes of other
    kinds or none, the literals of Python, comments, and the like.
    """

    def __init__(self) -> None:
        self._steps = _Steps()

    def repaired(self, text: str) -> Iterator[str]:
        """What looks like broken JSON objects and arrays in `text`, each as JSON, in their order.

        Raises:
            Unrepairable: It takes too long. What came before that is good.
        """
        for start, end in _regions(text):
            if end - start > MOST_LETTERS:
                raise Unrepairable(f"is longer than {MOST_LETTERS} letters, so it is not repaired")
            broken = text[start:end]
            if not _is_json(broken):
                self._steps.take(_STEPS_PER_VALUE)
                yield _repaired(broken, self._steps)


def _is_json(text: str) -> bool:
    try:
        from_json(text, allow_inf_nan=False)
    except (ValueError, TypeError):  # the latter for half a surrogate pair
        return False
    return True


def _repaired(text: str, steps: _Steps) -> str:
    from json_repair import repair_json

    try:
        value = repair_json(_Counted(text, steps), return_objects=True, skip_json_loads=True)
        return json.dumps(value)
    except (ValueError, RecursionError) as error:
        raise Unrepairable("is nested too deeply to be repaired") from error


def _regions(text: str) -> Iterator[tuple[int, int]]:
    """Where something starts like JSON, and where its brackets are even, or the text ends."""
    at = 0
    while (start := _START.search(text, at)) is not None:
        at = _even(text, start.start())
        yield start.start(), at


def _even(text: str, start: int) -> int:
    """Behind the bracket that closes the one at `start`; the end of the text if none does."""
    depth = 0
    for step in _STEP.finditer(text, start):
        if step.group() in "[{":
            depth += 1
        elif step.group() in "]}":
            depth -= 1
        if depth == 0 or step.end() - start > MOST_LETTERS:
            return step.end()
    return len(text)


class _Steps:
    """How much may still be looked at."""

    def __init__(self) -> None:
        self._left = MOST_STEPS

    def take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise Unrepairable("takes too long to be repaired")


class _Counted(str):
    """A text that counts how much of it is looked at; what is cut from it counts as well.

    The repairing library compares as it goes, and some texts let it start over again and again.
    """

    __slots__ = ("_steps",)
    _steps: _Steps

    def __new__(cls, text: str, steps: _Steps) -> _Counted:
        made = super().__new__(cls, text)
        made._steps = steps
        return made

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        part = super().__getitem__(key)
        self._steps.take(len(part))
        return _Counted(part, self._steps) if isinstance(key, slice) else part

    def __iter__(self) -> Iterator[str]:
        self._steps.take(len(self))
        return super().__iter__()

    def __add__(self, other: str) -> str:
        return _Counted(super().__add__(other), self._steps)
