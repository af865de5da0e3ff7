"""Requests of the handshake revisions that the fast lane can take, told from all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import msgspec

from toolyard.servers.lane.envelope import LEGACY, PROGRESS, Envelope
from toolyard.servers.lane.request import CALL, JSON_TYPES, Request, takes_both

REVISIONS = frozenset({None, b"2024-11-05", b"2025-03-26", b"2025-06-18", b"2025-11-25"})
"""What the header may say; a client that says nothing speaks the second."""

STATELESS = Envelope(LEGACY, {}, "debug", wants_progress=False)
"""Of a client without a session: it could not declare anything, and log levels are a session's."""


class _Params(msgspec.Struct, forbid_unknown_fields=True):
    name: str | msgspec.UnsetType = msgspec.UNSET
    arguments: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET
    cursor: None = None
    meta: dict[str, Any] | msgspec.UnsetType = msgspec.field(name="_meta", default=msgspec.UNSET)


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    jsonrpc: Literal["2.0"]
    id: int | str
    method: Literal["tools/call", "tools/list"]
    params: _Params = msgspec.field(default_factory=_Params)


_ASKED = msgspec.json.Decoder(_Asked)


def read_legacy(
    headers: Mapping[bytes, bytes], body: bytes, envelope: Envelope = STATELESS
) -> Request | None:
    """The request, if it is a call or a list in which nothing is odd.

    Args:
        headers: Those that a request may hold once; a value of several is no value.
        body: Its shape has been checked.
        envelope: What is known of the client, apart from whether it wants to hear of progress.
    """
    if (
        headers.get(b"mcp-protocol-version") not in REVISIONS
        or headers.get(b"content-type") not in JSON_TYPES
        or not takes_both(headers.get(b"accept", b""))
    ):
        return None
    try:
        asked = _ASKED.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    params = asked.params
    if isinstance(params.meta, dict) and PROGRESS in params.meta:
        if type(params.meta[PROGRESS]) not in (int, str):
            return None
        envelope = replace(envelope, wants_progress=True)
    return _request(asked.id, asked.method == CALL, params, envelope)


def _request(
    request_id: int | str, is_call: bool, params: _Params, envelope: Envelope
) -> Request | None:
    name, arguments = params.name, params.arguments
    if is_call and isinstance(name, str):
        given = arguments if isinstance(arguments, dict) else None
        return Request(request_id, envelope, name, given)
    is_odd = is_call or name is not msgspec.UNSET or arguments is not msgspec.UNSET
    return None if is_odd else Request(request_id, envelope)
