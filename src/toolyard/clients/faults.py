"""A remote server's errors, and trouble on the way to it, as errors of ours."""

from __future__ import annotations

import httpx2
import mcp_types as types
from mcp import MCPError

from toolyard.clients.http import trouble_in
from toolyard.core.errors import NotAdmitted, RemoteFault, ToolyardError, Unreachable


def remote_fault(error: Exception, where: str) -> ToolyardError:
    """What `error`, raised by the SDK's client, means; `where` names the server."""
    if isinstance(error, ToolyardError):
        return error
    if isinstance(error, MCPError):
        return _protocol_fault(error, where)
    if isinstance(error, FileNotFoundError | PermissionError):
        return Unreachable(f"Cannot start {where}: there is no such program, or it may not run.")
    if isinstance(error, TimeoutError):
        return Unreachable(f"Cannot reach {where}: it did not answer in time.")
    if isinstance(error, OSError | httpx2.HTTPError):
        return Unreachable(f"Cannot reach {where}: {type(error).__name__}.")
    return RemoteFault(types.INTERNAL_ERROR, f"{where} answered with something unintelligible.")


def _protocol_fault(error: MCPError, where: str) -> ToolyardError:
    trouble = trouble_in(error.data)
    if trouble is not None and trouble[0] == "refused":
        said = "" if error.message == "refused" else f": {error.message}"
        return NotAdmitted(f"We were not let in by {where} (HTTP {trouble[1]}){said}")
    if trouble is not None:
        return Unreachable(f"Cannot reach {where}: {error.message.rstrip('.')}.")
    if error.code == types.CONNECTION_CLOSED:
        return Unreachable(
            f"The connection to {where} ended during the call; it may or may not have run."
        )
    return RemoteFault(error.code, error.message, error.data)
