"""Errors as the wire says them: the one place where they get MCP's codes."""

from __future__ import annotations

import logging
from typing import Any

import mcp_types as types
from mcp.shared.exceptions import MCPError

from toolyard.core.errors import (
    InvalidArguments,
    InvalidCursor,
    MissingCapability,
    NotAllowed,
    RemoteFault,
    ToolError,
    ToolyardError,
    UnknownName,
)
from toolyard.core.text_safety import sendable
from toolyard.core.tool import ToolResult
from toolyard.servers import wire
from toolyard.servers.codes import FORBIDDEN
from toolyard.servers.plain import plain

logger = logging.getLogger("toolyard.servers")


def protocol_error(error: ToolyardError) -> MCPError | None:
    """The JSON-RPC error for `error`, or `None` if it is for the model to read instead."""
    if isinstance(error, UnknownName):
        missing = {"uri": error.name} if error.kind == "resource" else None
        return _said(types.INVALID_PARAMS, error, missing)
    if isinstance(error, InvalidCursor):
        return _said(types.INVALID_PARAMS, error)
    if isinstance(error, NotAllowed):
        return _said(FORBIDDEN, error, {"requiredScope": error.required_scope})
    if isinstance(error, MissingCapability):
        data = {"requiredCapabilities": error.required}
        return _said(types.MISSING_REQUIRED_CLIENT_CAPABILITY, error, data)
    if isinstance(error, RemoteFault):
        return _said(error.wire_code, error, error.details)
    return None


def _said(code: int, error: ToolyardError, data: object = None) -> MCPError:
    try:
        return MCPError(code, sendable(str(error)), plain(data))
    except ToolError:  # what a remote server adds to its error may be anything
        return MCPError(code, sendable(str(error)))


def call_fault(error: BaseException, tool: str, *, modern: bool) -> dict[str, Any]:
    """What a failed call answers; raises `MCPError` where the protocol wants an error.

    A bug in a source gives a sentence without its message: that may hold a path or a secret.
    """
    if isinstance(error, ToolyardError):
        refusal = protocol_error(error)
        if refusal is not None and (modern or not isinstance(error, MissingCapability)):
            raise refusal from error
        text = sendable(str(error))
    else:
        logger.error("the tool %r failed unexpectedly", tool, exc_info=error)
        text = f"The tool {tool!r} failed unexpectedly; the server's log says why."
    return wire.result(ToolResult.error(text), modern=modern)


def document_fault(error: BaseException, what: str) -> MCPError:
    """The JSON-RPC error for a list, a document or a prompt that could not be had."""
    if isinstance(error, ToolyardError):
        if isinstance(error, InvalidArguments):
            return _said(types.INVALID_PARAMS, error)
        return protocol_error(error) or _said(types.INTERNAL_ERROR, error)
    logger.error("%s failed unexpectedly", what, exc_info=error)
    return MCPError(types.INTERNAL_ERROR, f"{what} failed unexpectedly.")
