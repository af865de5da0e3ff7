"""What a request of the 2026-07-28 revision says of its client, read once for each client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mcp_types as types
import msgspec
from mcp.server.connection import allowed_log_levels
from mcp_types.methods import validate_client_request
from pydantic import BaseModel, ValidationError

from toolyard.core.context import LEVELS, LogLevel

MOST_BYTES = 4 * 1024
"""Of an envelope; what says more goes the SDK's way."""
REMEMBERED = 512

_PARAMS: Mapping[str, type[BaseModel]] = {
    "tools/call": types.CallToolRequestParams,
    "tools/list": types.PaginatedRequestParams,
}
"""What the SDK reads the parameters with, once they are known to be of the revision."""
_META = msgspec.json.Decoder(dict[str, Any])
PROGRESS = "progressToken"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The parts that matter to a call."""

    version: str
    capabilities: Mapping[str, Any]
    log_level: LogLevel | None
    wants_progress: bool


@lru_cache(maxsize=REMEMBERED)
def envelope_in(meta: bytes, method: str) -> Envelope | None:
    """The envelope in the JSON `meta` of a request; `None` for one that the SDK refuses."""
    try:
        return _read(_META.decode(meta), method)
    except (msgspec.DecodeError, UnicodeDecodeError, ValidationError, KeyError, ValueError):
        return None


def _read(meta: Mapping[str, Any], method: str) -> Envelope:
    version = meta[types.PROTOCOL_VERSION_META_KEY]
    declared = meta[types.CLIENT_CAPABILITIES_META_KEY]
    params = {"_meta": meta, "name": "any"} if method == "tools/call" else {"_meta": meta}
    validate_client_request(method, version, params)
    _PARAMS[method].model_validate(params, by_name=False)
    capabilities = types.ClientCapabilities.model_validate(declared, by_name=False)
    wanted = allowed_log_levels(version, meta)
    return Envelope(
        version,
        capabilities.model_dump(by_alias=True, mode="json", exclude_none=True),
        next((level for level in LEVELS if level in wanted), None),
        meta.get(PROGRESS) is not None,
    )
