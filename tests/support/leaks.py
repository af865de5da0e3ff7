"""What nobody may read: tokens in any output, tracebacks and paths in what a caller receives."""

import re
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

TRACEBACK = "Traceback (most recent call last)"
SLICE = 12
"""So many letters of a secret in a row are as bad as all of it."""
SHORTEST = 8
"""A secret with fewer letters cannot be told from a word; a test of leaks must not use one."""

_GRAM = SLICE // 2
_STEP = SLICE - _GRAM + 1
"""A slice of a secret, wherever it stands in a text, holds a gram that begins at such a step."""
_PROGRAMS = re.compile(re.escape(sysconfig.get_path("scripts")) + r"/[\w.-]+")
_SHOWN = 60


class Secrets:
    """Finds secrets and their slices in texts; quick where there are none."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._long = set[str]()
        self._short = set[str]()
        self._grams = set[str]()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Look for `secret` from now on, unless it is shorter than `SHORTEST`."""
        if len(secret) < SLICE:
            self._short |= {secret} if len(secret) >= SHORTEST else set()
        elif secret not in self._long:
            self._long.add(secret)
            self._grams.update(_parts(secret, _GRAM))

    def find(self, text: str) -> str | None:
        """A secret or a slice of one that stands in `text`."""
        found = next((secret for secret in self._short if secret in text), None)
        if found is None and not self._grams.isdisjoint(_parts(text, _GRAM, _STEP)):
            slices = (part for secret in self._long for part in _parts(secret, SLICE))
            found = next((part for part in slices if part in text), None)
        return found


def _parts(text: str, size: int, step: int = 1) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text) - size + 1, step))


def _forbidden_paths() -> tuple[str, ...]:
    """The checkout, the installed packages and the standard library."""
    places = (str(ROOT), sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"))
    return tuple(f"{place}/" for place in places)


PATHS = _forbidden_paths()


def inside_view(text: str) -> str | None:
    """A traceback or a path of this machine in `text`.

    Where a program of this environment is, a caller may read: `host-config` tells hosts.
    """
    outside = _PROGRAMS.sub("", text)
    return next((each for each in (TRACEBACK, *PATHS) if each in outside), None)


def excerpt(text: str, found: str) -> str:
    """What stands around `found` in `text`."""
    at = text.index(found)
    return repr(text[max(0, at - _SHOWN) : at + len(found) + _SHOWN])
