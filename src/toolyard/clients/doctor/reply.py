"""A server's answer to one JSON-RPC request, as it came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import mcp_types as types
from mcp_types.version import LATEST_MODERN_VERSION

from toolyard.clients.bounds import is_tangled
from toolyard.clients.doctor.finding import shown
from toolyard.version import __version__

Message = Mapping[str, Any]


class Asker(Protocol):
    """Sends requests in one protocol era, over HTTP or a pipe."""

    async def ask(self, method: str, params: Message | None = None) -> Reply:
        """The server's answer, an error included.

        Raises:
            CannotTell: It refused to hear the request.
            NotAdmitted: It wants a token, or a better one.
            Broken: It ended, or said too much.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """A result or an error; neither, if there was no JSON-RPC message."""

    message: Message = field(default_factory=dict[str, Any])
    instead: str = ""
    """What came if no message did."""

    @property
    def result(self) -> Message | None:
        """The result, if it is one."""
        return mapping(self.message.get("result"))

    @property
    def error_code(self) -> int | None:
        """The error's code, if it is one."""
        code = (mapping(self.message.get("error")) or {}).get("code")
        return code if isinstance(code, int) else None

    def __str__(self) -> str:
        """What came, in a few words."""
        if self.error_code is not None:
            said = (mapping(self.message.get("error")) or {}).get("message")
            return f"error {self.error_code} ({shown(str(said))})"
        if self.result is not None:
            return "a result"
        return "no JSON-RPC message" + (f" ({self.instead})" if self.instead else "")


def mapping(value: object) -> Message | None:
    """`value` if it is a JSON object."""
    return cast("Message", value) if isinstance(value, dict) else None


def decoded(raw: str | bytes | bytearray) -> Message | None:
    """The JSON object in `raw`; `None` if it holds anything else, or far too much."""
    text = raw.encode() if isinstance(raw, str) else bytes(raw)
    if is_tangled(text):
        return None
    try:
        return mapping(json.loads(text))
    except ValueError:
        return None


def request(number: int, method: str, params: Message | None) -> dict[str, Any]:
    """A JSON-RPC request."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": dict(params or {})}


def notification(method: str) -> dict[str, Any]:
    """A JSON-RPC notification."""
    return {"jsonrpc": "2.0", "method": method, "params": {}}


OURSELVES = {"name": "toolyard-doctor", "version": __version__}


def modern(params: Message | None) -> Message:
    """Parameters with what every request of 2026-07-28 says about its sender."""
    meta = {
        types.PROTOCOL_VERSION_META_KEY: LATEST_MODERN_VERSION,
        types.CLIENT_CAPABILITIES_META_KEY: {},
        types.CLIENT_INFO_META_KEY: OURSELVES,
    }
    return {**(params or {}), "_meta": meta}


def introduction(revision: str) -> Message:
    """Parameters of `initialize`."""
    return {"protocolVersion": revision, "capabilities": {}, "clientInfo": OURSELVES}
