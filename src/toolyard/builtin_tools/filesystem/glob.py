"""Patterns for paths, matched without ever going back more than once."""

from __future__ import annotations

from collections.abc import Sequence


class Glob:
    """`*` and `?` within a name, `**` for any number of directories; the rest is literal.

    A pattern without `/` is for the name alone, in whichever directory. Matching takes at most
    the product of both lengths.
    """

    def __init__(self, pattern: str) -> None:
        parts = pattern.split("/")
        self._parts = parts if len(parts) > 1 else ["**", *parts]

    def matches(self, path: str) -> bool:
        """Whether the whole of `path` fits."""
        reached = {0}
        for name in path.split("/"):
            reached = self._passed(self._open(reached), name)
        return len(self._parts) in self._open(reached)

    def _open(self, reached: set[int]) -> set[int]:
        """Also the places behind a `**`, which may stand for nothing."""
        found = set(reached)
        for place in range(len(self._parts)):
            if place in found and self._parts[place] == "**":
                found.add(place + 1)
        return found

    def _passed(self, reached: set[int], name: str) -> set[int]:
        """The places in the pattern after `name`, from those before it."""
        found: set[int] = set()
        for place in reached:
            if place == len(self._parts):
                continue
            if self._parts[place] == "**":
                found.add(place)
            elif name_matches(self._parts[place], name):
                found.add(place + 1)
        return found


def name_matches(pattern: Sequence[str], name: str) -> bool:
    """Whether `name` fits a pattern of `*`, `?` and letters."""
    place = at = 0
    star, resume = -1, 0
    while at < len(name):
        if place < len(pattern) and pattern[place] == "*":
            star, resume = place, at
            place += 1
        elif place < len(pattern) and pattern[place] in ("?", name[at]):
            place, at = place + 1, at + 1
        elif star >= 0:
            resume += 1
            place, at = star + 1, resume
        else:
            return False
    return all(each == "*" for each in pattern[place:])
