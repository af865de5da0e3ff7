"""Calls that failed: for the model to read, or as errors of the protocol, with their codes."""

from __future__ import annotations

import logging
from typing import NamedTuple

from toolyard.core.errors import (
    InvalidCursor,
    MissingCapability,
    NotAllowed,
    RemoteFault,
    ToolyardError,
    UnknownName,
)
from toolyard.core.text_safety import sendable
from toolyard.core.tool import ToolResult
from toolyard.servers.codes import FORBIDDEN, INVALID_PARAMS, MISSING_CAPABILITY

logger = logging.getLogger("toolyard.servers")


class ProtocolError(NamedTuple):
    """What a JSON-RPC error says beside its message."""

    code: int
    data: object = None


def protocol_error(error: BaseException) -> ProtocolError | None:
    """What `error` is in JSON-RPC, or `None` if it is for the model to read instead."""
    if isinstance(error, UnknownName):
        missing = {"uri": error.name} if error.kind == "resource" else None
        return ProtocolError(INVALID_PARAMS, missing)
    if isinstance(error, InvalidCursor):
        return ProtocolError(INVALID_PARAMS)
    if isinstance(error, NotAllowed):
        return ProtocolError(FORBIDDEN, {"requiredScope": error.required_scope})
    if isinstance(error, MissingCapability):
        return ProtocolError(MISSING_CAPABILITY, {"requiredCapabilities": error.required})
    if isinstance(error, RemoteFault):
        return ProtocolError(error.wire_code, error.details)
    return None


def told(error: BaseException) -> BaseException:
    """`error`, or another in its place if it cannot be told: then it is a bug too.

    A source's own subclass may lack what its class holds, or raise where its text is asked for.
    """
    try:
        protocol_error(error)
        str(error)
    except Exception as bug:
        untold = TypeError(f"a {type(error).__name__} that cannot be told was raised")
        untold.__cause__ = bug
        return untold
    return error


def failed(error: BaseException, tool: str) -> ToolResult:
    """The result of a call that raised `error`, which is `told`.

    A bug in a source gives a sentence without its message: that may hold a path or a secret.
    """
    if isinstance(error, ToolyardError):
        return ToolResult.error(sendable(str(error)))
    return ToolResult.error(f"The tool {tool!r} failed unexpectedly; the server's log says why.")


def note(error: BaseException, tool: str) -> None:
    """Log that a call raised `error`, which is `told`, if that is a bug in a source."""
    if not isinstance(error, ToolyardError):
        logger.error("the tool %r failed unexpectedly", tool, exc_info=error)
