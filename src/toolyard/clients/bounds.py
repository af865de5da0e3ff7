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
"""On all pages of a list."""

TOO_LARGE = f"its answer is larger than {MOST_BYTES >> 20} MiB"
TOO_TANGLED = f"its answer holds over {MOST_VALUES} values or is nested over {MOST_DEPTH} deep"

TOO_MANY_TOOLS = f"The server lists more than {MOST_TOOLS} tools."


def is_tangled(text: bytes) -> bool:
    """Whether parsing the JSON `text` could hold us up or use up memory."""
    return tangle_in(text, most_depth=MOST_DEPTH, most_values=MOST_VALUES) is not None


def holds_too_many_tools(result: Mapping[str, Any]) -> bool:
    """Whether a result, just parsed, lists more tools than are worth looking at."""
    tools: object = result.get("tools")
    return isinstance(tools, list) and len(cast("list[object]", tools)) > MOST_TOOLS


class Excess(Exception):
    """A list goes on for too long; the text says what it has too much of."""


class Listed:
    """How much of a list has come."""

    def __init__(self) -> None:
        self._pages = self._tools = self._bytes = 0

    def add(self, page: object, tools: int) -> None:
        """Count a page, a JSON object or a model of one, with so many tools.

        Raises:
            Excess: The list is longer than any should be.
        """
        self._pages += 1
        self._tools += tools
        if self._tools > MOST_TOOLS:
            raise Excess(f"more than {MOST_TOOLS} tools")
        self._bytes += len(to_json(page))
        if self._bytes > MOST_BYTES:
            raise Excess(f"more than {MOST_BYTES >> 20} MiB")
        if self._pages > MOST_PAGES:
            raise Excess(f"more than {MOST_PAGES} pages")
