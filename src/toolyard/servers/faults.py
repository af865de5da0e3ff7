"""Errors as the wire says them: the one place where they get MCP's codes."""

from __future__ import annotations

import logging
from typing import Any

import mcp_types as types
from mcp.shared.exceptions import MCPError

from toolyard.core.errors import (
    InputRequired,
    InvalidArguments,
    InvalidCursor,
    MissingCapability,
    NotAllowed,
    RemoteFault,
    ToolyardError,
    UnknownName,
)
from toolyard.core.tool import ToolResult
from toolyard.servers import wire

logger = logging.getLogger("toolyard.servers")

FORBIDDEN = -32001
"""Our own code, of the range left to implementations: the caller lacks a scope."""


def protocol_error(error: ToolyardError) -> MCPError | None:
    """The JSON-RPC error for `error`, or `None` if it is for the model to read instead."""
    if isinstance(error, UnknownName):
        missing = {"uri": error.name} if error.kind == "resource" else None
        return MCPError(types.INVALID_PARAMS, str(error), missing)
    if isinstance(error, InvalidCursor):
        return MCPError(types.INVALID_PARAMS, str(error))
    if isinstance(error, NotAllowed):
        return MCPError(FORBIDDEN, str(error), {"requiredScope": error.required_scope})
    if isinstance(error, MissingCapability):
        data = {"requiredCapabilities": error.required}
        return MCPError(types.MISSING_REQUIRED_CLIENT_CAPABILITY, str(error), data)
    if isinstance(error, RemoteFault):
        return MCPError(error.wire_code, str(error), error.details)
    return None


def call_fault(error: BaseException, tool: str, *, modern: bool) -> dict[str, Any]:
    """What a failed call answers; raises `MCPError` where the protocol wants an error.

    A bug in a source gives a sentence without its message: that may hold a path or a secret.
    """
    if isinstance(error, InputRequired):
        return wire.input_required(error)
    if isinstance(error, MissingCapability) and not modern:
        return wire.result(ToolResult.error(str(error)), modern=modern)
    if isinstance(error, ToolyardError):
        refusal = protocol_error(error)
        if refusal is not None:
            raise refusal from error
        return wire.result(ToolResult.error(str(error)), modern=modern)
    logger.error("the tool %r failed unexpectedly", tool, exc_info=error)
    text = f"The tool {tool!r} failed unexpectedly; the server's log says why."
    return wire.result(ToolResult.error(text), modern=modern)


def document_fault(error: BaseException, what: str) -> MCPError:
    """The JSON-RPC error for a list, a document or a prompt that could not be had."""
    if isinstance(error, ToolyardError):
        if isinstance(error, InvalidArguments):
            return MCPError(types.INVALID_PARAMS, str(error))
        return protocol_error(error) or MCPError(types.INTERNAL_ERROR, str(error))
    logger.error("%s failed unexpectedly", what, exc_info=error)
    return MCPError(types.INTERNAL_ERROR, f"{what} failed unexpectedly.")
