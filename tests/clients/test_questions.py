"""Servers that ask without end."""

import sys
from collections.abc import Mapping
from typing import Any

import anyio
import pytest
from mcp_types import JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from toolyard import CallContext, MCPClient, ToolCall
from toolyard.clients.questions import MOST_QUESTIONS, Questions
from toolyard.core.errors import Unreachable
from toolyard.core.inputs import InputRequest

CONTEXT = CallContext()
ASKS = """
import json, os, sys

def say(**message):
    os.write(1, json.dumps(dict(message, jsonrpc="2.0")).encode() + b"\\n")

for line in sys.stdin:
    message = json.loads(line)
    result = dict(tools=[], protocolVersion="2025-11-25", capabilities={})
    if message["method"] == "tools/call":
        for count in range(MANY):
            say(id=f"question {count}", method=METHOD, params=PARAMS)
    elif "id" in message:
        say(id=message["id"], result=dict(result, serverInfo=dict(name="asks", version="1")))
"""
FORM: Mapping[str, Any] = {"message": "?", "requestedSchema": {"type": "object", "properties": {}}}


def asking(many: int, method: str, params: Mapping[str, Any]) -> tuple[str, ...]:
    """A process that answers each call with questions, and hears no answer meanwhile."""
    script = ASKS.replace("MANY", str(many)).replace("METHOD", repr(method))
    return (sys.executable, "-c", script.replace("PARAMS", repr(params)))


async def never(request: InputRequest) -> Mapping[str, Any]:
    del request
    await anyio.sleep_forever()
    raise AssertionError


@pytest.mark.parametrize(
    ("method", "params"), [("ping", {}), ("elicitation/create", FORM)], ids=["ping", "form"]
)
async def test_a_server_that_asks_without_end_is_given_up(
    method: str, params: Mapping[str, Any]
) -> None:
    command = asking(1_000_000, method, params)
    with anyio.fail_after(15):
        async with MCPClient.stdio(command, revision="legacy", answer=never) as client:
            with pytest.raises(Unreachable, match="more than 100 things at once"):
                await client.call_tool(ToolCall("x"), CONTEXT)
            assert await client.list_tools(CONTEXT) == ()


def question(number: str) -> JSONRPCRequest:
    return JSONRPCRequest(jsonrpc="2.0", id=number, method="ping")


def test_a_question_is_open_until_it_is_answered_or_taken_back() -> None:
    questions = Questions()
    for count in range(10 * MOST_QUESTIONS):
        questions.heard(question(f"{count}"))
        questions.said(JSONRPCResponse(jsonrpc="2.0", id=f"{count}", result={}))
        questions.heard(question(f"again {count}"))
        back = {"requestId": f"again {count}"}
        questions.heard(
            JSONRPCNotification(jsonrpc="2.0", method="notifications/cancelled", params=back)
        )
    assert not questions.are_too_many


def test_taking_back_one_of_several_with_the_same_id_leaves_all_of_them_open() -> None:
    questions = Questions()
    back = JSONRPCNotification(
        jsonrpc="2.0", method="notifications/cancelled", params={"requestId": "same"}
    )
    for _ in range(MOST_QUESTIONS):
        questions.heard(question("same"))
        questions.heard(question("same"))
        questions.heard(back)
    assert questions.are_too_many


def test_an_answer_that_nobody_asked_for_counts_for_nothing() -> None:
    questions = Questions()
    for count in range(MOST_QUESTIONS):
        questions.said(JSONRPCResponse(jsonrpc="2.0", id=count, result={}))
        questions.heard(question(f"question {count}"))
    assert not questions.are_too_many
    questions.heard(question("one more"))
    assert questions.are_too_many
