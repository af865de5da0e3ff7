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


def written(
    given: ToolResult, stamp: Mapping[str, Any], most_bytes: int, *, modern: bool
) -> bytes | None:
    """`given` as JSON; `None` if it is not wholly usual, or may be too large.

    Before 2026-07-28 structured content had to be an object, and nothing was stamped.
    """
    if given.meta is not None or type(given.is_error) is not bool:
        return None
    content = [_usual(block) for block in given.content]
    value: object = given.structured
    is_said = modern or isinstance(value, Mapping)
    structured = _structured(value if is_said else None)
    if None in content or structured is None:
        return None
    answer: dict[str, Any] = {"content": content, "isError": given.is_error, **structured}
    if modern:
        answer |= {"resultType": "complete", "_meta": stamp}
    try:
        text = _encode(answer)
    except (UnicodeEncodeError, TypeError, ValueError):
        return None
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


def _structured(value: Any) -> Mapping[str, Any] | None:
    """The member that holds structured content, if any; `None` if JSON cannot say it as it is."""
    if value is None:
        return {}
    try:
        text = _encode(value)
        # What comes back changed is no JSON value: NaN, dates, sets, keys that are numbers.
        return {"structuredContent": msgspec.Raw(text)} if _decode(text) == value else None
    except (UnicodeEncodeError, TypeError, ValueError, RecursionError, msgspec.DecodeError):
        return None
