"""A server's answer to one JSON-RPC request, as it came."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import mcp_types as types
from mcp_types.version import LATEST_MODERN_VERSION

from toolyard.clients.doctor.finding import shown
from toolyard.version import __version__

Message = Mapping[str, Any]

MOST_BYTES = 16 * 1024 * 1024
"""In one answer; more is not read."""
MOST_DEPTH = 128
"""Levels of an answer; schemas that hosts take have a few."""


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
    """The JSON object in `raw`; `None` if it holds anything else, or is nested too deeply."""
    try:
        message = mapping(json.loads(raw))
    except (ValueError, RecursionError):
        return None
    return None if _is_deep(message) else message


def _is_deep(value: object) -> bool:
    level: list[Any] = [value]
    for _ in range(MOST_DEPTH):
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).values()
    return cast("list[Any]", value) if isinstance(value, list) else ()


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
