"""Finds tools by words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolyard.core.tool import Tool

_WORD = re.compile(r"[^\W_]+")
_IN_NAME, _IN_TITLE, _IN_DESCRIPTION = 4, 3, 1


def ranked(tools: Sequence[Tool], query: str, limit: int) -> Sequence[Tool]:
    """Up to `limit` tools in which words begin as those of `query`, the best first.

    A tool that knows more of the words comes before one that says one of them more often; the
    name counts most, then the title, then the description.
    """
    wanted = {word.lower() for word in _WORD.findall(query)}
    scored = [(_score(tool, wanted), tool) for tool in tools]
    found = sorted((pair for pair in scored if pair[0][0]), key=lambda pair: pair[0], reverse=True)
    return [tool for _, tool in found[:limit]]


def _score(tool: Tool, wanted: set[str]) -> tuple[int, int]:
    """How many of the words it has, and how much they count."""
    places = ((tool.name, _IN_NAME), (tool.title or "", _IN_TITLE))
    places = (*places, (tool.description, _IN_DESCRIPTION))
    best: dict[str, int] = {}
    for text, weight in places:
        for word in _WORD.findall(text.lower()):
            for each in wanted:
                if word.startswith(each):
                    best[each] = max(best.get(each, 0), 2 * weight + (word == each))
    return len(best), sum(best.values())
