"""The tool `result_read`: parts of a large result, chosen where the result is."""

from __future__ import annotations

import json
import re
from typing import Annotated

from pydantic import Field

from toolyard.core.context import CallContext
from toolyard.core.errors import ToolError
from toolyard.core.toolbox import Toolbox
from toolyard.registry.policies.jq import jq_lines
from toolyard.registry.policies.large_results import MOST_BYTES
from toolyard.registry.policies.lines import matching
from toolyard.registry.policies.shelf import KeptResult, ResultShelf

_SPAN = re.compile(r"([0-9]{0,12})([-:])([0-9]{0,12})")


class ResultReader(Toolbox):
    """A source with the one tool `result_read`, for what `LargeResults` keeps on `shelf`."""

    def __init__(self, shelf: ResultShelf, *, most_bytes: int = MOST_BYTES) -> None:
        super().__init__()
        self._shelf = shelf
        self._most_letters = most_bytes // 2
        self.add(self.result_read, read_only=True, open_world=False)

    async def result_read(
        self,
        handle: str,
        context: CallContext,
        head: Annotated[int | None, Field(ge=1)] = None,
        tail: Annotated[int | None, Field(ge=1)] = None,
        lines: str | None = None,
        grep: str | None = None,
        jq: str | None = None,
        slice: str | None = None,
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
        kept = self._shelf.find(handle, context.caller.name)
        if kept is None:
            raise ToolError(
                "There is no result under that handle, or it was kept long enough: call its tool "
                "again."
            )
        chosen = {"head": head, "tail": tail, "lines": lines, "grep": grep, "jq": jq}
        ways = [name for name, value in {**chosen, "slice": slice}.items() if value is not None]
        if len(ways) != 1:
            raise ToolError("Give exactly one of head, tail, lines, grep, jq and slice.")
        if jq is not None:
            return self._bounded(await jq_lines(jq, _data_of(kept), self._most_letters))
        if slice is not None:
            start, end = _span(slice, ":", "1000:2000")
            return self._bounded(kept.text[start:end])
        return self._bounded(_lines(kept.text, head, tail, lines, grep, self._most_letters))

    def _bounded(self, text: str) -> str:
        if len(text) <= self._most_letters:
            return text
        return f"{text[: self._most_letters]}\n[cut: {len(text)} letters; choose less]"


def _data_of(kept: KeptResult) -> str:
    if kept.data is not None:
        return json.dumps(kept.data, ensure_ascii=False)
    try:
        json.loads(kept.text)
    except (ValueError, RecursionError):
        raise ToolError("The result is not JSON, so jq cannot read it; use grep.") from None
    return kept.text


def _lines(
    text: str, head: int | None, tail: int | None, lines: str | None, grep: str | None, most: int
) -> str:
    every = text.splitlines()
    if grep is not None:
        return matching(every, grep, most)
    if head is not None:
        return "\n".join(every[:head])
    if tail is not None:
        return "\n".join(every[-tail:])
    first, last = _span(lines or "", "-", "100-150")
    return "\n".join(every[max(0, first - 1) : last])


def _span(text: str, between: str, example: str) -> tuple[int, int | None]:
    match = _SPAN.fullmatch(text.strip())
    if match is None or match[2] != between or not (match[1] or match[3]):
        raise ToolError(f"{text[:50]!r} is not a span such as {example!r}.")
    return int(match[1] or 0), int(match[3]) if match[3] else None
