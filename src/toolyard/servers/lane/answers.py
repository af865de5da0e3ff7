"""Answers of the fast lane, as the SDK would write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from toolyard.core.content import Audio, Content, Image, Text
from toolyard.core.tool import ToolResult
from toolyard.servers import wire

MARK = b'"resultType":"complete",'
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def response(request_id: int | str, result: bytes) -> bytes:
    """The JSON-RPC response with the JSON `result`."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (_encode(request_id), result)


def ending(stamp: Mapping[str, Any]) -> bytes:
    """How a result of 2026-07-28 ends; an earlier one ends with nothing."""
    return b',"resultType":"complete","_meta":%b' % _encode(stamp)


def written(given: ToolResult, ending: bytes, most_bytes: int) -> bytes | None:
    """`given` as JSON; `None` if it is not wholly usual, or may be too large.

    Before 2026-07-28 structured content had to be an object.
    """
    if given.meta is not None or type(given.is_error) is not bool:
        return None
    content = [_usual(block) for block in given.content]
    value: object = given.structured
    structured = _structured(value if ending or isinstance(value, Mapping) else None)
    if None in content or structured is None:
        return None
    is_error = b"true" if given.is_error else b"false"
    try:
        parts = (_encode(content), is_error, structured, ending)
    except (UnicodeEncodeError, TypeError, ValueError):
        return None
    text = b'{"content":%b,"isError":%b%b%b}' % parts
    # The limit counts blanks after commas and colons too, at most as many as there are bytes, and
    # the mark of a complete result whether it is sent or not.
    return text if 2 * (len(text) + len(MARK)) <= most_bytes else None


def _usual(block: Content) -> Mapping[str, Any] | None:
    """A block as MCP writes it, if the SDK would not look into any part of it."""
    if block.annotations is not None or block.meta is not None:
        return None
    if type(block) is Text and type(block.text) is str:
        return {"text": block.text, "type": "text"}
    is_usual = isinstance(block, Image | Audio) and type(block.mime_type) is str
    return wire.content(block) if is_usual else None


def _structured(value: Any) -> bytes | None:
    """The member that holds structured content, if any; `None` if JSON cannot say it as it is."""
    if value is None:
        return b""
    try:
        text = _encode(value)
        # What comes back changed is no JSON value: NaN, dates, sets, keys that are numbers.
        return b',"structuredContent":%b' % text if _decode(text) == value else None
    except (UnicodeEncodeError, TypeError, ValueError, RecursionError, msgspec.DecodeError):
        return None
