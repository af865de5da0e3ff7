"""How much a server may say: what is more is refused, if possible before it is parsed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from pydantic_core import to_json

from toolyard.core.json_shape import tangle_in

MOST_BYTES = 16 * 2**20
"""In one answer, event or line."""
MOST_VALUES = 500_000
"""In one answer; a list of 10,000 tools has some 300,000."""
MOST_DEPTH = 128
MOST_PAGES = 1_000
MOST_TOOLS = 20_000
"""On all pages of a list; as many documents or prompts."""

TOO_LARGE = f"its answer is larger than {MOST_BYTES >> 20} MiB"
TOO_TANGLED = f"its answer holds over {MOST_VALUES} values or is nested over {MOST_DEPTH} deep"

LISTS = ("tools", "prompts", "resources", "resourceTemplates")


def is_tangled(text: bytes | bytearray) -> bool:
    """Whether parsing the JSON `text` could hold us up or use up memory."""
    return tangle_in(text, most_depth=MOST_DEPTH, most_values=MOST_VALUES) is not None


def too_many_in(result: Mapping[str, Any]) -> str | None:
    """What a result, just parsed, lists more of than is worth looking at, if it does so."""
    for what in LISTS:
        entries: object = result.get(what)
        if isinstance(entries, list) and len(cast("list[object]", entries)) > MOST_TOOLS:
            return what
    return None


class Excess(Exception):
    """A list goes on for too long; the text says what it has too much of."""


class Listed:
    """How much of a list of `what` has come."""

    def __init__(self, what: str = "tools") -> None:
        self._what = what
        self._pages = self._entries = self._bytes = 0

    def add(self, page: object, entries: int) -> None:
        """Count a page, a JSON object or a model of one, with so many entries.

        Raises:
            Excess: The list is longer than any should be.
        """
        self._pages += 1
        self._entries += entries
        if self._entries > MOST_TOOLS:
            raise Excess(f"more than {MOST_TOOLS} {self._what}")
        self._bytes += len(to_json(page))
        if self._bytes > MOST_BYTES:
            raise Excess(f"more than {MOST_BYTES >> 20} MiB")
        if self._pages > MOST_PAGES:
            raise Excess(f"more than {MOST_PAGES} pages")
