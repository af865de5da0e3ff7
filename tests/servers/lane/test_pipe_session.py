"""A session is unsettled while anything may change it that the SDK has not dealt with."""

from __future__ import annotations

from typing import Any

import mcp_types as types
import pytest
from tests.servers.lane.pipes import ASKING

from toolyard.servers.lane.pipe_session import PipeSession


def request(number: int, method: str, **params: Any) -> types.JSONRPCRequest:
    return types.JSONRPCRequest(jsonrpc="2.0", id=number, method=method, params=params)


def notice(method: str) -> types.JSONRPCNotification:
    return types.JSONRPCNotification(jsonrpc="2.0", method=method)


def answer(number: int) -> types.JSONRPCResponse:
    return types.JSONRPCResponse(jsonrpc="2.0", id=number, result={})


def refusal(number: int) -> types.JSONRPCError:
    error = types.ErrorData(code=types.INVALID_PARAMS, message="no")
    return types.JSONRPCError(jsonrpc="2.0", id=number, error=error)


@pytest.fixture
def session() -> PipeSession:
    """After the answer to `initialize`."""
    session = PipeSession()
    session.heard(request(1, "initialize", **ASKING))
    assert not session.is_settled
    session.said(answer(1))
    assert session.is_settled
    return session


def test_it_knows_what_the_client_declared(session: PipeSession) -> None:
    assert session.capabilities.keys() == {"elicitation", "sampling"}


def test_a_handshake_that_is_refused_opens_nothing() -> None:
    session = PipeSession()
    session.heard(request(1, "initialize"))
    session.said(refusal(1))
    assert not session.is_settled


def test_after_a_notice_it_is_settled_by_the_answer_to_a_later_request(
    session: PipeSession,
) -> None:
    session.heard(request(2, "ping"))
    session.heard(notice("notifications/initialized"))
    session.said(answer(2))
    assert not session.is_settled
    session.heard(request(3, "ping"))
    session.said(answer(3))
    assert session.is_settled


@pytest.mark.parametrize("method", ["notifications/cancelled", "notifications/progress"])
def test_a_notice_of_one_request_unsettles_nothing(session: PipeSession, method: str) -> None:
    session.heard(notice(method))
    assert session.is_settled


def test_a_level_counts_once_it_is_accepted(session: PipeSession) -> None:
    session.heard(request(2, "logging/setLevel", level="error"))
    assert (session.is_settled, session.log_level) == (False, "debug")
    session.said(answer(2))
    assert (session.is_settled, session.log_level) == (True, "error")
    session.heard(request(3, "logging/setLevel", level="loud"))
    session.said(refusal(3))
    assert (session.is_settled, session.log_level) == (True, "error")
