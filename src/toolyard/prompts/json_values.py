"""The JSON values of one shape in a text, and why others were refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from toolyard.prompts.json_spans import EMPTY, MOST_DEPTH, SCALAR, Span, json_spans
from toolyard.prompts.repair import Repairs, Unrepairable
from toolyard.prompts.shape import Misfit, Shape

MOST_TOLD = 3
"""Values of one place whose refusal is told."""
_INNER_WORK = 8
"""How many times as much as the text holds may be read again for values inside of others."""
_LEAST_WORK = 100_000
_WORD = re.compile(r"[^\n{}\[\]\"]{1,100}")
"""What may be a text whose quotes are missing, such as the name of an enum's member."""


class Refusals:
    """Why the values in one place were refused; most are only counted."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._reasons: list[str] = []
        self._count = 0
        self._is_there = False

    def enter(self) -> None:
        """Say that the place is there."""
        self._is_there = True

    def add(self, reason: str) -> None:
        """One more value was refused."""
        self._count += 1
        if self._count <= MOST_TOLD:
            self._reasons.append(reason)

    def told(self) -> Sequence[str]:
        """A sentence for each of the first, and one for the rest."""
        if not self._is_there:
            return [f"{self._place}: is not there."]
        if not self._reasons:
            return [f"{self._place}: holds nothing that looks like JSON."]
        rest = self._count - len(self._reasons)
        more = [f"and {rest} more do not fit either."] if rest else []
        return [f"{self._place}: {reason}" for reason in [*self._reasons, *more]]


class JsonReader:
    """Reads the values of one shape; repairs what is broken, within limits."""

    def __init__(self, shape: Shape[Any]) -> None:
        self._shape = shape
        self._repairs = Repairs()

    def values(self, text: str, refusals: Refusals) -> Iterator[Any]:
        """What in `text` is JSON of the shape: by itself, then inside of something, then empty."""
        refusals.enter()
        seen: set[str] = set()
        for name, piece in _pieces(text, refusals):
            if piece in seen:
                continue
            seen.add(piece)
            try:
                yield self._shape.read(piece)
            except Misfit as misfit:
                refusals.add(f"{name}: {misfit}")

    def repaired_values(self, text: str, refusals: Refusals) -> Iterator[Any]:
        """What in `text` is of the shape once it is repaired, or only lacks its quotes."""
        try:
            for piece in self._repairs.repaired(text):
                try:
                    yield self._shape.read(piece)
                except Misfit as misfit:
                    refusals.add(f"when repaired: {misfit}")
        except Unrepairable as error:
            refusals.add(f"{error}.")
        bare = text.strip()
        if _WORD.fullmatch(bare) and not SCALAR.fullmatch(bare):
            with suppress(Misfit):  # that it is none was told already
                yield self._shape.read(json.dumps(bare))


def _pieces(text: str, refusals: Refusals) -> Iterator[tuple[str, str]]:
    """All JSON in `text` with a name for it, the most likely first."""
    bare = text.strip()
    if not bare or SCALAR.fullmatch(bare):
        yield from [("the value", bare)] if bare else ()
        return
    spans = json_spans(text)
    for span in spans.outer:
        if span.depth <= MOST_DEPTH:
            yield _name(span.start), text[span.start : span.end]
        else:
            refusals.add(f"{_name(span.start)}: is nested deeper than {MOST_DEPTH} levels.")
    for span in _affordable(text, spans.inner, refusals):
        yield _name(span.start), text[span.start : span.end]
    if any(span.depth > MOST_DEPTH for span in spans.outer):
        return  # an empty one would be a part of that
    for empty in EMPTY.finditer(text):
        yield _name(empty.start()), empty.group()


def _affordable(text: str, spans: Sequence[Span], refusals: Refusals) -> Iterator[Span]:
    """Those of `spans`, which are inside each other, that can be read with reasonable work."""
    work = _INNER_WORK * len(text) + _LEAST_WORK
    for span in spans:
        work -= span.end - span.start
        if work < 0:
            refusals.add("there is too much inside of other values to look at all of it.")
            return
        yield span


def _name(start: int) -> str:
    return f"the JSON at letter {start + 1}"
