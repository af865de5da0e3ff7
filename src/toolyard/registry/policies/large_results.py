"""Results that are too large for a model are cut; the rest can be read, part by part."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from toolyard.core.content import Content, Text
from toolyard.core.context import CallContext
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import ToolCall, ToolResult
from toolyard.core.wrapper import Wrapper
from toolyard.registry.policies.preview import (
    is_within,
    preview_of_data,
    preview_of_text,
    size_of,
)
from toolyard.registry.policies.shelf import ResultShelf

MOST_BYTES = 64 * 1024


class LargeResults(Wrapper):
    """Cuts each result of `source` with more than `most_bytes` of text to a preview.

    The preview says so, and names the handle under which `ResultReader` reads the whole, which
    is kept on `shelf` for the caller alone. Pictures and sounds are left as they are.

    Structured content is cut to the same shape, with shorter texts and lists, so that it still
    suits a schema that does not count them. Where that is not enough, it is left out, and the
    result is marked as an error, as its schema asks for something.
    """

    def __init__(
        self, source: ToolProtocol, shelf: ResultShelf, *, most_bytes: int = MOST_BYTES
    ) -> None:
        super().__init__(source)
        self._shelf = shelf
        self._most_bytes = most_bytes

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Call the source; cut what it gives if that is too large."""
        result = await self.source.call_tool(call, context)
        size = _text_size(result, self._most_bytes)
        return result if size <= self._most_bytes else self._cut(result, size, context)

    def _cut(self, result: ToolResult, size: int, context: CallContext) -> ToolResult:
        text = result.text or json.dumps(result.structured, ensure_ascii=False)
        handle = self._shelf.keep(context.caller.name, text, result.structured, size)
        note = _note(len(text), handle)
        shown = Text(preview_of_text(text, self._most_bytes // 2, note))
        data = self._data(result.structured)
        return replace(
            result,
            content=(shown, *_others(result)),
            structured=data,
            is_error=result.is_error or (data is None and result.structured is not None),
        )

    def _data(self, structured: Any) -> Any:
        if structured is None or is_within(structured, self._most_bytes // 2):
            return structured
        return preview_of_data(structured, self._most_bytes // 2)


def _text_size(result: ToolResult, most: int) -> int:
    """Bytes of the texts or of the data, whichever is more; once over `most` no more is counted."""
    texts = sum(size_of(block.text) for block in result.content if isinstance(block, Text))
    if result.structured is None or texts > most:
        return texts
    return max(texts, size_of(result.structured))


def _others(result: ToolResult) -> tuple[Content, ...]:
    return tuple(block for block in result.content if not isinstance(block, Text))


def _note(letters: int, handle: str | None) -> str:
    if handle is None:
        return f"[cut: the result has {letters} letters, too many to be kept; ask for less]"
    return (
        f"[cut: the result has {letters} letters; read the rest with result_read, "
        f'handle "{handle}"]'
    )
