"""Lines of a text by their numbers, without dividing it into all of its lines."""

from __future__ import annotations

_STEP = 65_536


def count_of(text: str) -> int:
    """How many lines there are; the last one may lack its end."""
    return text.count("\n") + (not text.endswith("\n") and text != "")


def place_after(text: str, lines: int) -> int:
    """Where so many lines have ended; the end of the text if there are fewer."""
    place = 0
    while lines > 0 and place < len(text):
        here = text.count("\n", place, place + _STEP)
        if here < lines:
            lines -= here
            place += _STEP
            continue
        for _ in range(lines):
            place = text.index("\n", place) + 1
        return place
    return min(place, len(text))


def between(text: str, first: int, last: int | None) -> str:
    """The lines from one number to another, both included and counted from 1."""
    start = place_after(text, first - 1)
    end = len(text) if last is None else place_after(text, last)
    return text[start:end].removesuffix("\n")
