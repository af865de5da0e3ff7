"""A remote server's errors, and trouble on the way to it, as errors of ours."""

from __future__ import annotations

import httpx2
import mcp_types as types
from mcp import MCPError

from toolyard.clients.trouble import Trouble, trouble_in
from toolyard.core.errors import NotAdmitted, RemoteFault, ToolyardError, Unreachable

ENDED = ("Connection closed", "SSE stream ended", "SSE stream failed")
"""How the SDK begins to say that no answer can come; a server may send the same code itself."""
GONE = (BrokenPipeError, ConnectionAbortedError, ConnectionResetError)
UNREADABLE = ("Failed to parse JSON response", "Failed to parse SSE message")


def remote_fault(error: Exception, where: str) -> ToolyardError:
    """What `error`, raised by the SDK's client during a call, means; `where` names the server."""
    if isinstance(error, ToolyardError):
        return error
    if isinstance(error, MCPError):
        return _protocol_fault(error, where)
    if isinstance(error, TimeoutError):
        return Unreachable(f"Cannot reach {where}: it did not answer in time.")
    if isinstance(error, OSError | httpx2.HTTPError):
        return Unreachable(f"Cannot reach {where}: {type(error).__name__}.")
    return _unintelligible(where)


def connect_fault(error: Exception, where: str) -> ToolyardError:
    """What `error` means when it keeps us from connecting."""
    if isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
        return Unreachable(f"Cannot start {where}: it or its directory is missing or forbidden.")
    if isinstance(error, GONE) or (isinstance(error, MCPError) and _is_end(error)):
        return Unreachable(f"Cannot reach {where}: it went away before it answered.")
    if isinstance(error, MCPError) and error.code == types.REQUEST_TIMEOUT:
        return Unreachable(f"Cannot reach {where}: it did not answer in time.")
    return remote_fault(error, where)


def given_up(error: MCPError, where: str, complaint: str) -> ToolyardError:
    """What `error` means on a connection that we gave up because of `complaint`."""
    if not _is_end(error):
        return remote_fault(error, where)
    return Unreachable(f"The connection to {where} was given up, as {complaint}; {_PERHAPS}.")


def has_not_begun(error: Exception) -> bool:
    """Whether the server cannot have begun the call: it is gone, or does not know our session."""
    return _trouble(error) in ("session", "unsent")


def casts_doubt(error: Exception) -> bool:
    """Whether the server may be gone, or refuse us all; one with too much to do (429) is there."""
    if not isinstance(error, MCPError):
        return isinstance(error, TimeoutError | OSError | httpx2.HTTPError)
    noted = trouble_in(error.data)
    return noted is not None and noted[1] != 429


def session_is_over(error: Exception) -> bool:
    """Whether nothing more can be asked in our session."""
    return _trouble(error) in ("session", "stale", "unsent")


def _trouble(error: Exception) -> Trouble | None:
    noted = trouble_in(error.data) if isinstance(error, MCPError) else None
    return None if noted is None else noted[0]


def _protocol_fault(error: MCPError, where: str) -> ToolyardError:
    trouble, status = trouble_in(error.data) or (None, 0)
    said = error.message.rstrip(".")
    if trouble == "refused":
        shown = "" if said == f"HTTP {status}" else f": {said}"
        return NotAdmitted(f"We were not let in by {where} (HTTP {status}){shown}.")
    if trouble == "absent":
        return Unreachable(f"There is no MCP server behind {where}: {said}.")
    if trouble == "broken":
        return Unreachable(f"The connection to {where} broke ({said}); {_PERHAPS}.")
    if trouble == "stale":
        return Unreachable(f"The session with {where} is over ({said}); {_PERHAPS}.")
    if trouble is not None:
        return Unreachable(f"Cannot reach {where}: {said}.")
    if _is_end(error):
        return Unreachable(f"The connection to {where} ended during the call; {_PERHAPS}.")
    if error.code == types.PARSE_ERROR and error.message.startswith(UNREADABLE):
        return _unintelligible(where)
    return RemoteFault(error.code, error.message, error.data)


_PERHAPS = "it may or may not have run"


def _is_end(error: MCPError) -> bool:
    return error.code == types.CONNECTION_CLOSED and error.message.startswith(ENDED)


def _unintelligible(where: str) -> RemoteFault:
    return RemoteFault(types.INTERNAL_ERROR, f"{where} answered with something unintelligible.")
