"""Answers of the fast lane, as the SDK would write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from toolyard.core.content import Audio, Content, Image, Text
from toolyard.core.json_value import is_json
from toolyard.core.tool import ToolResult
from toolyard.core.unread import Unread

Piece = bytes | bytearray | memoryview
Pieces = tuple[Piece, ...]
"""Of a JSON text, one after the other."""


class Answer(NamedTuple):
    """A whole answer with status 200."""

    body: Pieces
    session: bytes | None = None
    """The id of the session that it belongs to."""


ONE_PIECE = 64 * 1024
"""Bytes up to which it is quicker to put pieces together than to write them one by one."""

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

    Before 2026-07-28 structured content had to be an object. Large pieces are not put together,
    as to copy one takes as long as to write it.
    """
    if given.meta is not None or type(given.is_error) is not bool:
        return None
    try:
        content, structured = _read(given) if given.unread is None else _unread(given.unread)
    except Exception:  # it is odd, or no result at all: the SDK says which
        return None
    if structured and not (ending or structured[0] == _OBJECT):
        structured = b""
    # The limit counts blanks after commas and colons too, at most as many as there are bytes, and
    # the mark of a complete result whether it is sent or not.
    size = sum(map(len, content)) + len(structured) + len(ending) + _AROUND
    if 2 * (size + len(MARK)) > most_bytes:
        return None
    begun = b'{"jsonrpc":"2.0","id":%b,"result":{"content":' % _encode(request_id)
    is_error = b',"isError":true' if given.is_error else b',"isError":false'
    name = b',"structuredContent":' if structured else b""
    pieces = (begun, *content, is_error, name, structured, ending, b"}}")
    return (b"".join(pieces),) if size <= ONE_PIECE else pieces


_AROUND = len(b'{"content":,"isError":false,"structuredContent":}')


def _read(given: ToolResult) -> tuple[Pieces, Piece]:
    """Content and structured content, if there is any, as JSON."""
    text = _one_text(given.content)
    content = (_encode(list(map(_usual, given.content))),) if text is None else _texts((text,))
    value: Any = given.structured
    if value is None:
        return content, b""
    text = _encode(value)
    # What comes back changed is no JSON value: NaN, dates, sets, keys that are numbers.
    if not is_json(value) and _decode(text) != value:
        raise _Odd
    return content, text


def _one_text(content: Sequence[Content]) -> bytes | None:
    """The text, as JSON, if there is nothing else."""
    if len(content) != 1 or type(content[0]) is not Text:
        return None
    text = content[0]
    is_bare = text.annotations is None and text.meta is None and type(text.text) is str
    return _encode(text.text) if is_bare else None


def _unread(given: Unread) -> tuple[Pieces, Piece]:
    return _texts(given.texts), b"" if given.structured is None else given.structured


def _texts(texts: Sequence[Piece]) -> Pieces:
    """Blocks of text, which are JSON already."""
    if len(texts) == 1:
        return (b'[{"text":', texts[0], b',"type":"text"}]')
    pieces: list[Piece] = []
    for text in texts:
        pieces += (b',{"text":' if pieces else b'[{"text":', text, b',"type":"text"}')
    return (*pieces, b"]") if pieces else (b"[]",)


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
