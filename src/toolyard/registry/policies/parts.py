"""The parts of a JSON value, and what they weigh, looked at no longer than needed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, cast


def parts_of(data: Any) -> Iterator[Any]:
    """`data`, all that is in it, and the names of that."""
    nested: list[Iterator[Any]] = [iter((data,))]
    while nested:
        for each in nested[-1]:
            yield each
            if isinstance(each, list | tuple):
                nested.append(iter(cast("list[Any]", each)))
                break
            if isinstance(each, Mapping):
                entries = cast("Mapping[str, Any]", each).items()
                nested.append(chain.from_iterable(entries))
                break
        else:
            nested.pop()


def letters_in(data: Any, most: int) -> int:
    """The letters in all texts of `data`, and one for each other part; stops beyond `most`.

    As JSON it takes at least as many bytes.
    """
    letters = 0
    for each in parts_of(data):
        letters += len(each) if isinstance(each, str) else 1
        if letters > most:
            break
    return letters


def memory_of(data: Any, most: int) -> int:
    """The bytes of memory that `data` takes; stops beyond `most`."""
    taken = 0
    for each in parts_of(data):
        taken += sys.getsizeof(each)
        if taken > most:
            break
    return taken
