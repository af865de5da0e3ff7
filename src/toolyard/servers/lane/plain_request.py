"""Plain calls and lists as JSON-RPC says them in any revision, told from all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from toolyard.servers.lane.envelope import PROGRESS

CALL: Final = "tools/call"
LIST: Final = "tools/list"


class _Params(msgspec.Struct, forbid_unknown_fields=True):
    name: str | msgspec.UnsetType = msgspec.UNSET
    arguments: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET
    cursor: str | None = None
    meta: msgspec.Raw = msgspec.field(name="_meta", default=msgspec.Raw())


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    jsonrpc: Literal["2.0"]
    id: int | str
    method: Literal["tools/call", "tools/list"]
    params: _Params = msgspec.field(default_factory=_Params)


_ASKED = msgspec.json.Decoder(_Asked)
_META = msgspec.json.Decoder(dict[str, Any])


@dataclass(slots=True)
class PlainRequest:
    """One call, or one list if it has no `name`."""

    id: int | str
    name: str | None
    arguments: Mapping[str, Any]
    meta: Mapping[str, Any]
    meta_text: bytes
    """`meta` as it came."""
    token: int | str | None
    """What the client wants to hear of progress with."""
    cursor: str | None = None
    """Of a list: which page of it; that of a call means nothing."""

    @property
    def method(self) -> str:
        """Which of the two it is."""
        return LIST if self.name is None else CALL


def plain_request_in(text: bytes) -> PlainRequest | None:
    """The request in `text`, whose shape has been checked, if nothing is odd in it."""
    try:
        asked = _ASKED.decode(text)
        meta_text = bytes(asked.params.meta)
        meta = _META.decode(meta_text) if meta_text else {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    token = meta.get(PROGRESS)
    if PROGRESS in meta and type(token) not in (int, str):
        return None
    name, arguments = asked.params.name, asked.params.arguments
    if asked.method == CALL and isinstance(name, str):
        given = arguments if isinstance(arguments, dict) else {}
        return PlainRequest(asked.id, name, given, meta, meta_text, token)
    if asked.method == CALL or name is not msgspec.UNSET or arguments is not msgspec.UNSET:
        return None
    return PlainRequest(asked.id, None, {}, meta, meta_text, token, asked.params.cursor)
