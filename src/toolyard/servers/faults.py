"""Errors as the SDK raises them."""

from __future__ import annotations

import logging
from typing import Any

from mcp.shared.exceptions import MCPError

from toolyard.core.errors import InvalidArguments, MissingCapability, ToolError, ToolyardError
from toolyard.core.text_safety import sendable
from toolyard.servers import wire
from toolyard.servers.codes import INTERNAL_ERROR, INVALID_PARAMS
from toolyard.servers.failures import ProtocolError, failed, note, protocol_error, told
from toolyard.servers.plain import plain

logger = logging.getLogger("toolyard.servers")


def call_fault(error: BaseException, tool: str, *, modern: bool) -> dict[str, Any]:
    """What a failed call answers; raises `MCPError` where the protocol wants an error."""
    error = told(error)
    refusal = protocol_error(error)
    if refusal is not None and (modern or not isinstance(error, MissingCapability)):
        raise _said(refusal, error) from error
    note(error, tool)
    return wire.result(failed(error, tool), modern=modern)


def document_fault(error: BaseException, what: str) -> MCPError:
    """The JSON-RPC error for a list, a document or a prompt that could not be had."""
    error = told(error)
    if isinstance(error, InvalidArguments):
        return _said(ProtocolError(INVALID_PARAMS), error)
    if isinstance(error, ToolyardError):
        return _said(protocol_error(error) or ProtocolError(INTERNAL_ERROR), error)
    logger.error("%s failed unexpectedly", what, exc_info=error)
    return MCPError(INTERNAL_ERROR, f"{what} failed unexpectedly.")


def _said(refusal: ProtocolError, error: BaseException) -> MCPError:
    message = sendable(str(error))
    try:
        return MCPError(refusal.code, message, plain(refusal.data))
    except ToolError:  # what a remote server adds to its error may be anything
        return MCPError(refusal.code, message)
