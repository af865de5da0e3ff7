"""Results that are too large for a model are cut; the rest can be read, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from toolyard.core.content import Content, Resource, Text
from toolyard.core.context import CallContext
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import ToolCall, ToolResult
from toolyard.core.wrapper import Wrapper
from toolyard.registry.policies.preview import (
    is_data_within,
    is_text_within,
    json_of,
    preview_of_data,
    preview_of_text,
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
        return result if self._is_small(result) else self._cut(result, context)

    def _is_small(self, result: ToolResult) -> bool:
        if not is_text_within(_texts(result), self._most_bytes):
            return False
        return result.structured is None or is_data_within(result.structured, self._most_bytes)

    def _cut(self, result: ToolResult, context: CallContext) -> ToolResult:
        text = "\n".join(_texts(result)) or json_of(result.structured).decode()
        handle = self._shelf.keep(context.caller.name, text, result.structured)
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
        most = self._most_bytes // 2
        if structured is None or is_data_within(structured, most):
            return structured
        return preview_of_data(structured, most)


def _texts(result: ToolResult) -> Sequence[str]:
    """All that a model reads as text; a document in the result counts as well."""
    found = (_text_of(block) for block in result.content)
    return [text for text in found if text is not None]


def _text_of(block: Content) -> str | None:
    return block.text if isinstance(block, Text | Resource) else None


def _others(result: ToolResult) -> tuple[Content, ...]:
    return tuple(block for block in result.content if _text_of(block) is None)


def _note(letters: int, handle: str | None) -> str:
    if handle is None:
        return f"[cut: the result has {letters} letters, too many to be kept; ask for less]"
    return (
        f"[cut: the result has {letters} letters; read the rest with result_read, "
        f'handle "{handle}"]'
    )
