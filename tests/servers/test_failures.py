"""What is said of calls that failed."""

import logging

import mcp_types as types
import pytest

from toolyard.core.errors import (
    CallTimeout,
    InvalidArguments,
    InvalidCursor,
    MissingCapability,
    NotAllowed,
    RemoteFault,
    ToolError,
    ToolyardError,
    UnknownName,
)
from toolyard.core.tool import ToolResult
from toolyard.servers.failures import failed, note, protocol_error


@pytest.mark.parametrize(
    ("error", "code", "data"),
    [
        (UnknownName("tool", "t"), types.INVALID_PARAMS, None),
        (UnknownName("resource", "a:b"), types.INVALID_PARAMS, {"uri": "a:b"}),
        (InvalidCursor(), types.INVALID_PARAMS, None),
        (NotAllowed("tool:t"), -32001, {"requiredScope": "tool:t"}),
        (
            MissingCapability({"roots": {}}),
            types.MISSING_REQUIRED_CLIENT_CAPABILITY,
            {"requiredCapabilities": {"roots": {}}},
        ),
        (RemoteFault(-32000, "Away.", {"for": "s"}), -32000, {"for": "s"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_the_protocol_has_errors_for(error: ToolyardError, code: int, data: object) -> None:
    assert protocol_error(error) == (code, data)


@pytest.mark.parametrize(
    "error",
    [InvalidArguments("t", ["No."]), ToolError("No."), CallTimeout("t", 1.0), ValueError("No.")],
    ids=lambda error: type(error).__name__,
)
def test_all_else_is_for_the_model_to_read(error: Exception) -> None:
    assert protocol_error(error) is None
    assert failed(error, "t").is_error


def test_what_a_bug_says_stands_in_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        told = failed(KeyError("hunter2"), "t")
        assert not caplog.text
        note(KeyError("hunter2"), "t")
    assert told == ToolResult.error("The tool 't' failed unexpectedly; the server's log says why.")
    assert "hunter2" in caplog.text


def test_what_no_text_can_hold_is_replaced() -> None:
    assert failed(ToolError("a\ud800b"), "t") == ToolResult.error("a\ufffdb")
