"""Answers of the fast lane, as the SDK would write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from toolyard.core.content import Audio, Content, Image, Text
from toolyard.core.json_value import is_json
from toolyard.core.tool import ToolResult

MARK = b'"resultType":"complete",'
_encode = msgspec.json.Encoder().encode
_encode_into = msgspec.json.Encoder().encode_into
_decode = msgspec.json.Decoder().decode


def response(request_id: int | str, result: bytes) -> bytes:
    """The JSON-RPC response with the JSON `result`."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (_encode(request_id), result)


def ending(stamp: Mapping[str, Any]) -> bytes:
    """How a result of 2026-07-28 ends; an earlier one ends with nothing."""
    return b',"resultType":"complete","_meta":%b' % _encode(stamp)


def call_response(
    request_id: int | str, given: ToolResult, ending: bytes, most_bytes: int
) -> bytearray | None:
    """The response with `given`; `None` if that is not wholly usual, or may be too large.

    Before 2026-07-28 structured content had to be an object. All is written in one piece, as
    every copy of a large result takes as long as to write it.
    """
    if given.meta is not None or type(given.is_error) is not bool:
        return None
    content = [_usual(block) for block in given.content]
    if None in content:
        return None
    said = bytearray(b'{"jsonrpc":"2.0","id":%b,"result":' % _encode(request_id))
    start = len(said)
    try:
        said += b'{"content":'
        _encode_into(content, said, -1)
        said += b',"isError":true' if given.is_error else b',"isError":false'
        if not _add_structured(given.structured, said, may_be_any=bool(ending)):
            return None
    except (UnicodeEncodeError, TypeError, ValueError, RecursionError, msgspec.DecodeError):
        return None
    said += b"%b}" % ending
    # The limit counts blanks after commas and colons too, at most as many as there are bytes, and
    # the mark of a complete result whether it is sent or not.
    if 2 * (len(said) - start + len(MARK)) > most_bytes:
        return None
    said += b"}"
    return said


def _usual(block: Content) -> Mapping[str, Any] | None:
    """A block as MCP writes it, if the SDK would not look into any part of it; bytes as base64."""
    if block.annotations is not None or block.meta is not None:
        return None
    if type(block) is Text and type(block.text) is str:
        return {"text": block.text, "type": "text"}
    if not isinstance(block, Image | Audio) or type(block.data) is not bytes:
        return None
    if type(block.mime_type) is not str:
        return None
    kind = "image" if isinstance(block, Image) else "audio"
    return {"type": kind, "data": block.data, "mimeType": block.mime_type}


def _add_structured(value: Any, said: bytearray, *, may_be_any: bool) -> bool:
    """Write the member that holds structured content, if any; False if JSON cannot say it."""
    if value is None or not (may_be_any or isinstance(value, Mapping)):
        return True
    said += b',"structuredContent":'
    start = len(said)
    _encode_into(value, said, -1)
    # What comes back changed is no JSON value: NaN, dates, sets, keys that are numbers.
    return is_json(cast("object", value)) or _decode(memoryview(said)[start:]) == value
