"""The tool `result_read`: parts of a large result, chosen where the result is."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Annotated

from pydantic import Field

from toolyard.core.context import CallContext
from toolyard.core.errors import ToolError
from toolyard.core.toolbox import Toolbox
from toolyard.registry.policies.choosing import LONGEST_PATTERN, LONGEST_PROGRAM, Chooser
from toolyard.registry.policies.large_results import MOST_BYTES
from toolyard.registry.policies.lines import between, count_of
from toolyard.registry.policies.preview import json_of
from toolyard.registry.policies.shelf import KeptResult, ResultShelf

_SPAN = re.compile(r"([0-9]{0,12})([-:])([0-9]{0,12})")

FindElsewhere = Callable[[str, str], Awaitable[KeptResult | None]]
"""As `ResultShelf.find`, of other shelves."""

Count = Annotated[int | None, Field(ge=1, le=10**12)]
Span = Annotated[str | None, Field(max_length=30)]


class ResultReader(Toolbox):
    """A source with the one tool `result_read`, for what `LargeResults` keeps on `shelf`.

    What is not there is looked for `elsewhere`, if results are kept elsewhere too.
    """

    def __init__(
        self,
        shelf: ResultShelf,
        *,
        most_bytes: int = MOST_BYTES,
        elsewhere: FindElsewhere | None = None,
    ) -> None:
        super().__init__()
        self._shelf = shelf
        self._elsewhere = elsewhere
        self._most_letters = most_bytes // 2
        self._chooser = Chooser()
        self.add(self.result_read, read_only=True, open_world=False)

    async def result_read(
        self,
        handle: Annotated[str, Field(max_length=64)],
        context: CallContext,
        head: Count = None,
        tail: Count = None,
        lines: Span = None,
        grep: Annotated[str | None, Field(max_length=LONGEST_PATTERN)] = None,
        jq: Annotated[str | None, Field(max_length=LONGEST_PROGRAM)] = None,
        slice: Span = None,
    ) -> str:
        """Read a part of a result that was cut because it was large.

        Give the handle, and exactly one way to choose.

        Args:
            handle: From the note in the result that was cut.
            head: So many lines from the start.
            tail: So many lines from the end.
            lines: The lines from one number to another, from 1: "100-150", "100-".
            grep: The lines that match a regular expression, each with its number.
            jq: A jq program over the result's data, or over its text if that is JSON.
            slice: The letters from one position up to another, from 0: "1000:2000".
        """
        owner = context.caller.name
        kept = self._shelf.find(handle, owner)
        if kept is None and self._elsewhere is not None:
            kept = await self._elsewhere(handle, owner)
        if kept is None:
            raise ToolError(
                "There is no result under that handle, or it was kept long enough: call its tool "
                "again."
            )
        if sum(way is not None for way in (head, tail, lines, grep, jq, slice)) != 1:
            raise ToolError("Give exactly one of head, tail, lines, grep, jq and slice.")
        if grep is not None:
            return await self._chooser.grep(grep, _encoded(kept.text), self._most_letters)
        if jq is not None:
            return await self._chooser.jq(jq, _data_of(kept), self._most_letters)
        if slice is not None:
            return self._bounded(_slice(kept.text, slice))
        return self._bounded(_lines(kept.text, head, tail, lines))

    def _bounded(self, text: str) -> str:
        if len(text) <= self._most_letters:
            return text
        return f"{text[: self._most_letters]}\n[cut: {len(text)} letters; choose less]"


def _data_of(kept: KeptResult) -> bytes:
    return _encoded(kept.text) if kept.data is None else json_of(kept.data)


def _encoded(text: str) -> bytes:
    return text.encode(errors="replace")


def _lines(text: str, head: int | None, tail: int | None, lines: str | None) -> str:
    if head is not None:
        return between(text, 1, head)
    if tail is not None:
        return between(text, max(1, count_of(text) - tail + 1), None)
    start, end = _span(lines or "", "-", "100-150")
    count = count_of(text)
    if start > count:
        raise ToolError(f"The result has {count} lines.")
    return between(text, max(1, start), end)


def _slice(text: str, span: str) -> str:
    start, end = _span(span, ":", "1000:2000")
    if start >= len(text):
        raise ToolError(f"The result has {len(text)} letters.")
    return text[start:end]


def _span(text: str, between: str, example: str) -> tuple[int, int | None]:
    match = _SPAN.fullmatch(text.strip())
    if match is None or match[2] != between or not (match[1] or match[3]):
        raise ToolError(f"{text[:50]!r} is not a span such as {example!r}.")
    start, end = int(match[1] or 0), int(match[3]) if match[3] else None
    if end is not None and end < start:
        raise ToolError(f"{text[:50]!r} ends before it begins.")
    return start, end
