"""A sorted list in short pieces, so that no step depends on how long the whole is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=Any)  # whatever has an order

_LONGEST = 1_024


class SortedList(Generic[T]):
    """Different values in their order; a change takes microseconds among millions."""

    def __init__(self) -> None:
        self._pieces: list[list[T]] = []
        self._lasts: list[T] = []  # the last value of each piece

    def add(self, value: T) -> None:
        """Put `value`, which is not there yet, in its place."""
        if not self._pieces:
            self._pieces.append([value])
            self._lasts.append(value)
            return
        place = min(bisect_left(self._lasts, value), len(self._pieces) - 1)
        piece = self._pieces[place]
        insort(piece, value)
        if len(piece) > _LONGEST:
            half = len(piece) // 2
            self._pieces[place : place + 1] = [piece[:half], piece[half:]]
            self._lasts.insert(place, piece[half - 1])
            place += 1
        self._lasts[place] = self._pieces[place][-1]

    def remove(self, value: T) -> None:
        """Take out `value`, which is there."""
        place = bisect_left(self._lasts, value)
        piece = self._pieces[place]
        del piece[bisect_left(piece, value)]
        if piece:
            self._lasts[place] = piece[-1]
        else:
            del self._pieces[place], self._lasts[place]

    def first(self) -> T | None:
        """The least value; `None` if there is none."""
        return self._pieces[0][0] if self._pieces else None

    def beyond(self, value: T, *, included: bool = False) -> Iterator[T]:
        """All that come after `value`, or from it on; nothing may change meanwhile."""
        search = bisect_left if included else bisect_right
        place = bisect_left(self._lasts, value)
        if place == len(self._pieces):
            return
        yield from self._pieces[place][search(self._pieces[place], value) :]
        for piece in self._pieces[place + 1 :]:
            yield from piece
