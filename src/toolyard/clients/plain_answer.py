"""Answers to calls as most servers give them, read in one go; told from all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from toolyard.clients.bounds import MOST_DEPTH, MOST_VALUES
from toolyard.clients.wire import notes
from toolyard.core.content import Audio, Content, Image, Text
from toolyard.core.json_shape import tangle_in
from toolyard.core.tool import ToolResult

_VALUES_PER_BLOCK = 4
"""Its bracket, two commas in it and one behind it."""
_DEPTH_AROUND = 2
"""The answer and the result in it."""


class _Plain(msgspec.Struct, forbid_unknown_fields=True):
    """Holds what it names, each of its type, and nothing else."""


class _Text(_Plain, tag_field="type", tag="text"):
    text: str

    def block(self) -> Content:
        return Text(self.text)


class _Image(_Plain, tag_field="type", tag="image"):
    data: bytes
    mime_type: str = msgspec.field(name="mimeType")

    def block(self) -> Content:
        return Image(self.data, self.mime_type)


class _Audio(_Plain, tag_field="type", tag="audio"):
    data: bytes
    mime_type: str = msgspec.field(name="mimeType")

    def block(self) -> Content:
        return Audio(self.data, self.mime_type)


class _Result(_Plain):
    kind: Literal["complete"] = msgspec.field(name="resultType")
    content: list[_Text | _Image | _Audio]
    is_error: bool = msgspec.field(name="isError", default=False)
    structured: msgspec.Raw = msgspec.field(name="structuredContent", default=msgspec.Raw(b"null"))
    meta: msgspec.Raw = msgspec.field(name="_meta", default=msgspec.Raw(b"null"))


class _Answer(_Plain):
    jsonrpc: Literal["2.0"]
    id: int | str
    result: _Result


_ANSWER = msgspec.json.Decoder(_Answer)
_VALUE = msgspec.json.Decoder()
_META = msgspec.json.Decoder(dict[str, Any] | None)


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """The answer to one call of a tool."""

    id: int | str
    result: ToolResult


def plain_answer_in(text: bytes | bytearray) -> PlainAnswer | None:
    """The answer in `text`, which nobody has looked at, if nothing is odd in it.

    The SDK's models take many times as long, and so does counting the brackets and commas of
    texts that hold no values: what is more than this is counted for is not taken.
    """
    if _VALUES_PER_BLOCK * text.count(b"{") > MOST_VALUES:
        return None
    try:
        answer = _ANSWER.decode(text)
        given = answer.result
        if _is_tangled(given):
            return None
        structured, meta = _VALUE.decode(given.structured), _META.decode(given.meta)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    content = tuple([each.block() for each in given.content])
    return PlainAnswer(answer.id, ToolResult(content, structured, given.is_error, notes(meta)))


def _is_tangled(given: _Result) -> bool:
    values = b"".join((given.structured, given.meta))
    most = MOST_VALUES - _VALUES_PER_BLOCK * len(given.content)
    return tangle_in(values, most_depth=MOST_DEPTH - _DEPTH_AROUND, most_values=most) is not None
