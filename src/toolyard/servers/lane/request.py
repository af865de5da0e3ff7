"""Requests that the fast lane can take, told from all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import msgspec

from toolyard.servers.lane.envelope import MODERN, Envelope, modern_envelope
from toolyard.servers.lane.plain_request import CALL, LIST
from toolyard.servers.lane.session import LaneSession

_MODERN = MODERN.encode()
JSON_TYPES = frozenset({b"application/json", b"application/json; charset=utf-8"})


class _CallParams(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    meta: msgspec.Raw = msgspec.field(name="_meta")
    arguments: dict[str, Any] | None = None


class _Call(msgspec.Struct, forbid_unknown_fields=True):
    jsonrpc: Literal["2.0"]
    id: int | str
    method: Literal["tools/call"]
    params: _CallParams


class _ListParams(msgspec.Struct, forbid_unknown_fields=True):
    meta: msgspec.Raw = msgspec.field(name="_meta")
    cursor: None = None


class _List(msgspec.Struct, forbid_unknown_fields=True):
    jsonrpc: Literal["2.0"]
    id: int | str
    method: Literal["tools/list"]
    params: _ListParams


_CALL = msgspec.json.Decoder(_Call)
_LIST = msgspec.json.Decoder(_List)


@dataclass(slots=True)
class Request:
    """One call, or one list if it has no `name`."""

    id: int | str
    envelope: Envelope
    name: str | None = None
    arguments: Mapping[str, Any] | None = None
    session: LaneSession | None = None


def read(headers: Mapping[bytes, bytes], body: bytes) -> Request | None:
    """The request, if it is a call or a list in which nothing is odd.

    Args:
        headers: Those that a request may hold once; a value of several is no value.
        body: Its shape has been checked.
    """
    named = headers.get(b"mcp-name")
    if (
        named == b""  # or it is there twice
        or headers.get(b"mcp-protocol-version") != _MODERN
        or headers.get(b"content-type") not in JSON_TYPES
        or not takes_both(headers.get(b"accept", b""))
    ):
        return None
    try:
        match headers.get(b"mcp-method"):
            case b"tools/call":
                return _call_in(_CALL.decode(body), named)
            case b"tools/list":
                return _list_in(_LIST.decode(body))
            case _:
                return None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _call_in(call: _Call, named: bytes | None) -> Request | None:
    params = call.params
    envelope = modern_envelope(bytes(params.meta), CALL)
    if envelope is None or named != params.name.encode():
        return None
    return Request(call.id, envelope, params.name, params.arguments)


def _list_in(asked: _List) -> Request | None:
    envelope = modern_envelope(bytes(asked.params.meta), LIST)
    return None if envelope is None else Request(asked.id, envelope)


@lru_cache(maxsize=64)
def takes_both(accept: bytes) -> bool:
    """Whether a client takes JSON and streams; how much it would rather is not looked at."""
    kinds = {each.partition(b";")[0].strip().lower() for each in accept.split(b",")}
    if b"*/*" in kinds:
        return True
    json = b"application/json" in kinds or b"application/*" in kinds
    return json and (b"text/event-stream" in kinds or b"text/*" in kinds)
