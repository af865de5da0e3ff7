"""What a request of the 2026-07-28 revision says of its client, read once for each client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from toolyard.core.context import LEVELS, LogLevel
from toolyard.servers.sdk_state import is_loaded

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
"""Stands for all handshake revisions: the SDK reads and writes calls and lists of each alike."""
MOST_BYTES = 4 * 1024
"""Of an envelope; what says more goes the SDK's way."""
REMEMBERED = 512

_META = msgspec.json.Decoder(dict[str, Any])
PROGRESS = "progressToken"
VERSION = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
INFO = "io.modelcontextprotocol/clientInfo"
LOG_LEVEL = "io.modelcontextprotocol/logLevel"


class _Usual(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Holds what it names, each of its type, and nothing else; no `null` stands for nothing."""


class _Nothing(_Usual):
    pass


class _Roots(_Usual):
    list_changed: bool | UnsetType = msgspec.field(default=UNSET, name="listChanged")


class _Elicitation(_Usual):
    form: _Nothing | UnsetType = UNSET
    url: _Nothing | UnsetType = UNSET


class _Capabilities(_Usual):
    roots: _Roots | UnsetType = UNSET
    sampling: _Nothing | UnsetType = UNSET
    elicitation: _Elicitation | UnsetType = UNSET


class _Info(_Usual):
    name: str
    version: str
    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    website_url: str | UnsetType = msgspec.field(default=UNSET, name="websiteUrl")


class _Meta(_Usual):
    version: str = msgspec.field(name=VERSION)
    capabilities: _Capabilities = msgspec.field(name=CAPABILITIES)
    info: _Info | UnsetType = msgspec.field(default=UNSET, name=INFO)
    progress: str | int | UnsetType = msgspec.field(default=UNSET, name=PROGRESS)
    log_level: LogLevel | UnsetType = msgspec.field(default=UNSET, name=LOG_LEVEL)


_USUAL = msgspec.json.Decoder(_Meta)


@dataclass(frozen=True, slots=True)
class Envelope:
    """The parts that matter to a call."""

    version: str
    capabilities: Mapping[str, Any]
    log_level: LogLevel | None
    wants_progress: bool
    can_ask: bool = False
    """Whether the client can be asked during a call; it is only in a session."""


def modern_envelope(meta: bytes, method: str) -> Envelope | None:
    """The envelope in the JSON `meta` of a request of the 2026-07-28 revision.

    `None` for one that the SDK refuses, or would have to be asked about and is not in memory, and
    for one of another revision or of many bytes.
    """
    if len(meta) > MOST_BYTES:
        return None
    envelope = _usual(meta)
    if envelope is None and is_loaded():
        envelope = _odd(meta, method)
    return envelope if envelope is not None and envelope.version == MODERN else None


@lru_cache(maxsize=REMEMBERED)
def _usual(meta: bytes) -> Envelope | None:
    """The envelope in which nothing is odd, so that nobody need be asked."""
    try:
        said = _USUAL.decode(meta)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    declared = msgspec.to_builtins(said.capabilities)
    level = None if said.log_level is UNSET else said.log_level
    return Envelope(said.version, declared, level, said.progress is not UNSET)


@lru_cache(maxsize=REMEMBERED)
def _odd(meta: bytes, method: str) -> Envelope | None:
    from pydantic import ValidationError

    try:
        return _read(_META.decode(meta), method)
    except (msgspec.DecodeError, UnicodeDecodeError, ValidationError, KeyError, ValueError):
        return None


def _read(meta: Mapping[str, Any], method: str) -> Envelope:
    """What the SDK makes of it; its parts are in memory by now."""
    import mcp_types as types
    from mcp.server.connection import allowed_log_levels
    from mcp_types.methods import validate_client_request

    version, declared = meta[VERSION], meta[CAPABILITIES]
    is_call = method == "tools/call"
    params = {"_meta": meta, "name": "any"} if is_call else {"_meta": meta}
    validate_client_request(method, version, params)
    # Then it reads the parameters once more, and not only for this revision.
    model = types.CallToolRequestParams if is_call else types.PaginatedRequestParams
    model.model_validate(params, by_name=False)
    capabilities = types.ClientCapabilities.model_validate(declared, by_name=False)
    wanted = allowed_log_levels(version, meta)
    return Envelope(
        version,
        capabilities.model_dump(by_alias=True, mode="json", exclude_none=True),
        next((level for level in LEVELS if level in wanted), None),
        meta.get(PROGRESS) is not None,
    )
