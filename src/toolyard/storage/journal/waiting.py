"""A change that waits to be committed, perhaps together with others."""

from __future__ import annotations

from collections import deque
from typing import Any, Generic, TypeVar

from toolyard.storage.journal.script import Work

T = TypeVar("T")


class Waiting(Generic[T]):
    """What is to be done, and what came of it."""

    def __init__(self, work: Work[T]) -> None:
        self.work = work
        self.is_wanted = True
        """Whether somebody waits for it; what has not begun is not done for nobody."""
        self._value: T | None = None
        self._error: BaseException | None = None

    def succeed(self, value: T) -> None:
        """It gave `value`, if the commit succeeds."""
        self._value, self._error = value, None

    def fail(self, error: BaseException) -> None:
        """It, or the commit, raised `error`."""
        self._error = error

    def result(self) -> T:
        """What came of it, or the error."""
        if self._error is not None:
            raise self._error
        return self._value  # pyright: ignore[reportReturnType] - it succeeded with one


def taken(changes: deque[Waiting[Any]]) -> list[Waiting[Any]]:
    """All that are still wanted, in their order; none is left."""
    waiting = [changes.popleft() for _ in range(len(changes))]
    return [each for each in waiting if each.is_wanted]
