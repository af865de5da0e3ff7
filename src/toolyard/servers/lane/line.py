"""Lines of a pipe that the fast lane can take, told from all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import mcp_types as types
import msgspec

from toolyard.core.json_shape import tangle_in
from toolyard.servers.lane.envelope import MOST_BYTES, PROGRESS, Envelope, envelope_in
from toolyard.servers.lane.request import CALL, LIST, MODERN

MOST_DEPTH = 64
MOST_VALUES = 100_000
"""What is more tangled goes the SDK's way, whose parser has bounds of its own."""


class _Params(msgspec.Struct, forbid_unknown_fields=True):
    name: str | msgspec.UnsetType = msgspec.UNSET
    arguments: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    cursor: None = None
    meta: msgspec.Raw = msgspec.field(name="_meta", default=msgspec.Raw())


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    jsonrpc: Literal["2.0"]
    id: int | str
    method: Literal["tools/call", "tools/list"]
    params: _Params = msgspec.field(default_factory=_Params)


_ASKED = msgspec.json.Decoder(_Asked)
_META = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, slots=True)
class Line:
    """One call, or one list if it has no `name`."""

    text: bytes
    id: int | str
    name: str | None
    arguments: Mapping[str, Any]
    token: int | str | None
    """What the client wants to hear of progress with."""
    envelope: Envelope | None
    """What it says of the client; lines of the handshake revisions say nothing."""


def read_line(text: bytes, *, modern: bool) -> Line | None:
    """The request in a line, if it is a call or a list in which nothing is odd."""
    if tangle_in(text, most_depth=MOST_DEPTH, most_values=MOST_VALUES) is not None:
        return None
    try:
        asked = _ASKED.decode(text)
        said = bytes(asked.params.meta)
        meta = _META.decode(said) if said else {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    token = meta.get(PROGRESS)
    if PROGRESS in meta and type(token) not in (int, str):
        return None
    envelope = _envelope(said, asked.method) if modern else None
    if (envelope is not None) != modern or (not modern and types.PROTOCOL_VERSION_META_KEY in meta):
        return None
    return _line(text, asked, token, envelope)


def _envelope(meta: bytes, method: str) -> Envelope | None:
    envelope = envelope_in(meta, method) if len(meta) <= MOST_BYTES else None
    return envelope if envelope is not None and envelope.version == MODERN else None


def _line(
    text: bytes, asked: _Asked, token: int | str | None, envelope: Envelope | None
) -> Line | None:
    name, arguments = asked.params.name, asked.params.arguments
    if asked.method == CALL and isinstance(name, str):
        given = arguments if isinstance(arguments, dict) else {}
        return Line(text, asked.id, name, given, token, envelope)
    is_plain = name is msgspec.UNSET and arguments is msgspec.UNSET
    if asked.method == LIST and is_plain:
        return Line(text, asked.id, None, {}, token, envelope)
    return None
