"""Answers of the fast lane, as the SDK would write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from toolyard.core.content import Audio, Content, Image, Text
from toolyard.core.json_value import is_json
from toolyard.core.tool import ToolResult

Piece = bytes | bytearray | memoryview
Pieces = Sequence[Piece]
"""Of a JSON text, one after the other."""

MARK = b'"resultType":"complete",'
_OBJECT = ord("{")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class _Odd(Exception):
    """The SDK would look into a part of it, or JSON cannot say it as it is."""


def response(request_id: int | str, result: bytes) -> bytes:
    """The JSON-RPC response with the JSON `result`."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (_encode(request_id), result)


def ending(stamp: Mapping[str, Any]) -> bytes:
    """How a result of 2026-07-28 ends; an earlier one ends with nothing."""
    return b',"resultType":"complete","_meta":%b' % _encode(stamp)


def call_response(
    request_id: int | str, given: ToolResult, ending: bytes, most_bytes: int
) -> Pieces | None:
    """The response with `given`; `None` if that is not wholly usual, or may be too large.

    Before 2026-07-28 structured content had to be an object. The pieces are not put together, as
    to copy a large one takes as long as to write it.
    """
    if given.meta is not None or type(given.is_error) is not bool:
        return None
    try:
        result: list[Piece] = [
            b'{"content":',
            *_content(given),
            b',"isError":true' if given.is_error else b',"isError":false',
            *_structured(given, may_be_any=bool(ending)),
            b"%b}" % ending,
        ]
    except (_Odd, TypeError, ValueError, RecursionError, msgspec.DecodeError):
        return None
    # The limit counts blanks after commas and colons too, at most as many as there are bytes, and
    # the mark of a complete result whether it is sent or not.
    if 2 * (sum(map(len, result)) + len(MARK)) > most_bytes:
        return None
    return [b'{"jsonrpc":"2.0","id":%b,"result":' % _encode(request_id), *result, b"}"]


def _content(given: ToolResult) -> Pieces:
    if given.unread is None:
        return (_encode([_usual(block) for block in given.content]),)
    pieces: list[Piece] = []
    for text in given.unread.texts:
        pieces += (b',{"text":' if pieces else b'[{"text":', text, b',"type":"text"}')
    return [*pieces, b"]"] if pieces else (b"[]",)


def _usual(block: Content) -> Mapping[str, Any]:
    """A block as MCP writes it; bytes are written as base64."""
    if block.annotations is not None or block.meta is not None:
        raise _Odd
    if type(block) is Text and type(block.text) is str:
        return {"text": block.text, "type": "text"}
    if not isinstance(block, Image | Audio) or type(block.data) is not bytes:
        raise _Odd
    if type(block.mime_type) is not str:
        raise _Odd
    kind = "image" if isinstance(block, Image) else "audio"
    return {"type": kind, "data": block.data, "mimeType": block.mime_type}


def _structured(given: ToolResult, *, may_be_any: bool) -> Pieces:
    """The member that holds structured content, if any."""
    name = b',"structuredContent":'
    if given.unread is not None:
        said = given.unread.structured
        return () if said is None or not (may_be_any or said[0] == _OBJECT) else (name, said)
    value: Any = given.structured
    if value is None or not (may_be_any or isinstance(value, Mapping)):
        return ()
    text = _encode(value)
    # What comes back changed is no JSON value: NaN, dates, sets, keys that are numbers.
    if not is_json(cast("object", value)) and _decode(text) != value:
        raise _Odd
    return name, text
