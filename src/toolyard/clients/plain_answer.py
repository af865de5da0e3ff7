"""Answers to calls as most servers give them, read in one go; told from all others."""

from __future__ import annotations

from codecs import getincrementaldecoder
from dataclasses import dataclass
from typing import Any, Literal, cast

import msgspec
from msgspec import UNSET, UnsetType
from pydantic_core import from_json

from toolyard.clients.bounds import MOST_DEPTH, MOST_VALUES
from toolyard.clients.wire import notes
from toolyard.core.content import Audio, Content, Image, Text
from toolyard.core.json_shape import tangle_in
from toolyard.core.tool import ToolResult
from toolyard.core.unread import Unread

LARGE_BYTES = 64 * 1024
"""A larger answer is not read before somebody asks for it."""
_BYTES_PER_BLOCK = len('{"type":"text","text":""},')
"""At least."""
_VALUES_PER_BLOCK = 4
"""Its bracket, two commas in it and one behind it."""
_MOST_BLOCKS = MOST_VALUES // _VALUES_PER_BLOCK
_DEPTH_AROUND = 2
"""The answer and the result in it."""
_QUOTE = ord('"')
_NULL = ord("n")


class _Plain(msgspec.Struct, forbid_unknown_fields=True):
    """Holds what it names, each of its type, and nothing else."""


class _Block(_Plain):
    kind: Literal["text", "image", "audio"] = msgspec.field(name="type")
    text: msgspec.Raw | UnsetType = UNSET
    data: bytes | UnsetType = UNSET
    mime_type: str | UnsetType = msgspec.field(name="mimeType", default=UNSET)


class _Result(_Plain):
    kind: Literal["complete"] = msgspec.field(name="resultType")
    content: list[_Block]
    is_error: bool = msgspec.field(name="isError", default=False)
    structured: msgspec.Raw = msgspec.field(name="structuredContent", default=msgspec.Raw(b"null"))
    meta: msgspec.Raw = msgspec.field(name="_meta", default=msgspec.Raw(b"null"))


class _Answer(_Plain):
    jsonrpc: Literal["2.0"]
    id: int | str
    result: _Result


_ANSWER = msgspec.json.Decoder(_Answer)
_TEXT = msgspec.json.Decoder(str)
_VALUE = msgspec.json.Decoder()
_META = msgspec.json.Decoder(dict[str, Any] | None)


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """The answer to one call of a tool."""

    id: int | str
    result: ToolResult


class _Odd(Exception):
    """A block is not as they mostly are."""


def plain_answer_in(text: bytes | bytearray) -> PlainAnswer | None:
    """The answer in `text`, which nobody has looked at, if nothing is odd in it.

    The SDK's models take many times as long, and so does counting the brackets and commas of
    texts that hold no values: what is more than this is counted for is not taken.
    """
    if len(text) > _BYTES_PER_BLOCK * _MOST_BLOCKS and text.count(b"{") > _MOST_BLOCKS:
        return None
    try:
        answer = _ANSWER.decode(text)
        given = answer.result
        values = b"".join((given.structured, given.meta))
        if _is_tangled(values, len(given.content)):
            return None
        meta = notes(_META.decode(given.meta))
        if len(text) > LARGE_BYTES and _is_passable(given, values) and _is_utf8(text):
            later = ToolResult.later(_unread(given), is_error=given.is_error, meta=meta)
            return PlainAnswer(answer.id, later)
        content = tuple([_block(each) for each in given.content])
        structured = _VALUE.decode(given.structured)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, _Odd):
        return None
    return PlainAnswer(answer.id, ToolResult(content, structured, given.is_error, meta))


def _is_tangled(values: bytes, blocks: int) -> bool:
    most_values = MOST_VALUES - _VALUES_PER_BLOCK * blocks
    most_depth = MOST_DEPTH - _DEPTH_AROUND
    return tangle_in(values, most_depth=most_depth, most_values=most_values) is not None


def _block(given: _Block) -> Content:
    match given:
        case _Block("text", msgspec.Raw() as text, msgspec.UNSET, msgspec.UNSET):
            return Text(_TEXT.decode(text))
        case _Block("image", msgspec.UNSET, bytes() as data, str() as mime_type):
            return Image(data, mime_type)
        case _Block("audio", msgspec.UNSET, bytes() as data, str() as mime_type):
            return Audio(data, mime_type)
        case _:
            raise _Odd


def _is_passable(given: _Result, values: bytes) -> bool:
    """Whether all is texts and data, and fits on a line; no string holds the end of one."""
    is_one_line = b"\n" not in values and b"\r" not in values
    return is_one_line and all(map(_is_text, given.content))


def _is_text(given: _Block) -> bool:
    match given:
        case _Block("text", msgspec.Raw() as text, msgspec.UNSET, msgspec.UNSET):
            return memoryview(text)[0] == _QUOTE
        case _:
            return False


def _is_utf8(text: bytes | bytearray) -> bool:
    """Whether all of it is, seen without another copy of a large text."""
    decoder, view = getincrementaldecoder("utf-8")(), memoryview(text)
    try:
        for start in range(0, len(text), LARGE_BYTES):
            decoder.decode(view[start : start + LARGE_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _unread(given: _Result) -> Unread:
    texts = [memoryview(cast("msgspec.Raw", each.text)) for each in given.content]
    structured = memoryview(given.structured)
    return Unread(texts, None if structured[0] == _NULL else structured, _read)


def _read(text: memoryview) -> Any:
    try:
        return _VALUE.decode(text)
    except msgspec.DecodeError:  # a number that is too large for it: all else has been seen
        return from_json(bytes(text))
