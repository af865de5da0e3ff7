"""Requests that the fast lane can take, told from all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import msgspec

from toolyard.servers.lane.envelope import MODERN, Envelope, modern_envelope
from toolyard.servers.lane.plain_request import CALL, LIST
from toolyard.servers.lane.session import SESSION, LaneSession

_MODERN = MODERN.encode()
JSON_TYPES = frozenset({b"application/json", b"application/json; charset=utf-8"})
REVISIONS = frozenset({None, b"2024-11-05", b"2025-03-26", b"2025-06-18", b"2025-11-25"})
"""What the header says in earlier ones; a client that says nothing speaks the second."""

Method = Literal["tools/call", "tools/list"]
_METHODS: Mapping[bytes, Method] = {CALL.encode(): CALL, LIST.encode(): LIST}


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
    cursor: str | None = None


class _List(msgspec.Struct, forbid_unknown_fields=True):
    jsonrpc: Literal["2.0"]
    id: int | str
    method: Literal["tools/list"]
    params: _ListParams


_CALL = msgspec.json.Decoder(_Call)
_LIST = msgspec.json.Decoder(_List)


@dataclass(frozen=True, slots=True)
class Heading:
    """What the headers say of a request that may go this way."""

    method: Method | None
    """Of a request of 2026-07-28; what an earlier one asks for stands in its body."""
    name: bytes | None
    """Of the tool, if it says so."""
    session: bytes | None
    """The id of the session of an earlier one, if it says so."""


@dataclass(slots=True)
class Request:
    """One call, or one list if it has no `name`."""

    id: int | str
    envelope: Envelope
    name: str | None = None
    arguments: Mapping[str, Any] | None = None
    cursor: str | None = None
    """Of a list: which page of it."""
    session: LaneSession | None = None


def heading_in(headers: Mapping[bytes, bytes]) -> Heading | None:
    """What the headers say, if nothing in them is odd.

    Args:
        headers: Those that a request may hold once; a value of several is no value.
    """
    version = headers.get(b"mcp-protocol-version")
    if headers.get(b"content-type") not in JSON_TYPES or not takes_both(
        headers.get(b"accept", b"")
    ):
        return None
    if version in REVISIONS:
        return Heading(None, None, headers.get(SESSION))
    method, name = _METHODS.get(headers.get(b"mcp-method", b"")), headers.get(b"mcp-name")
    if version != _MODERN or method is None or name == b"":  # or it is there twice
        return None
    return Heading(method, name, None)


def read(heading: Heading, body: bytes) -> Request | None:
    """The request of 2026-07-28 with that heading, if nothing in its body is odd.

    Args:
        heading: Names the method.
        body: Its shape has been checked.
    """
    try:
        if heading.method == CALL:
            return _call_in(_CALL.decode(body), heading.name)
        return _list_in(_LIST.decode(body))
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
    if envelope is None:
        return None
    return Request(asked.id, envelope, cursor=asked.params.cursor)


@lru_cache(maxsize=64)
def takes_both(accept: bytes) -> bool:
    """Whether a client takes JSON and streams; how much it would rather is not looked at."""
    kinds = {each.partition(b";")[0].strip().lower() for each in accept.split(b",")}
    if b"*/*" in kinds:
        return True
    json = b"application/json" in kinds or b"application/*" in kinds
    return json and (b"text/event-stream" in kinds or b"text/*" in kinds)
