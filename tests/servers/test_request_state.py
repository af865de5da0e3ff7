"""What a tool wants to remember between the tries of a call is its caller's alone."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from mcp.server.request_state import RequestStateSecurity
from tests.servers.harness import TOKEN, ask, builder, http_to, messages

from toolyard.core.context import CallContext
from toolyard.core.errors import InputRequired
from toolyard.core.inputs import elicit
from toolyard.core.toolbox import Toolbox
from toolyard.servers.tool_server import ToolServer

OTHER = f"other-{TOKEN}"
META: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}},
}
ANSWERS: dict[str, Any] = {"name": {"action": "accept", "content": {"name": "Ann"}}}
QUESTION = elicit("Your name?", {"type": "object", "properties": {"name": {"type": "string"}}})


@pytest.fixture
async def server() -> AsyncGenerator[ToolServer]:
    tools = Toolbox()

    async def remember(context: CallContext) -> str:
        if context.state is None:
            raise InputRequired({"name": QUESTION}, "a secret of this call")
        return context.state

    tools.add(remember, description="Remember.")
    tools.add(remember, name="other", description="Remember too.")
    configured = builder(tools).with_bearer_token(TOKEN).with_bearer_token(OTHER)
    async with configured.build() as running:
        yield running


async def tried(
    server: ToolServer, token: str, state: str | None = None, name: str = "remember"
) -> dict[str, Any]:
    """The answer to one try of the call."""
    more: dict[str, Any] = (
        {} if state is None else {"requestState": state, "inputResponses": ANSWERS}
    )
    params: dict[str, Any] = {"name": name, "arguments": {}, "_meta": META, **more}
    async with http_to(server, token) as http:
        return messages(await ask(http, "tools/call", params))[-1]


async def test_a_state_comes_back_to_its_caller_and_is_sealed_on_the_way(
    server: ToolServer,
) -> None:
    state = (await tried(server, TOKEN))["result"]["requestState"]
    assert "secret" not in state
    answer = await tried(server, TOKEN, state)
    assert answer["result"]["content"][0]["text"] == "a secret of this call"


async def test_the_state_of_another_caller_is_refused(server: ToolServer) -> None:
    state = (await tried(server, TOKEN))["result"]["requestState"]
    assert (await tried(server, OTHER, state))["error"]["code"] == -32602


async def test_the_state_of_another_tool_is_refused(server: ToolServer) -> None:
    state = (await tried(server, TOKEN))["result"]["requestState"]
    assert (await tried(server, TOKEN, state, name="other"))["error"]["code"] == -32602


async def test_a_state_that_nobody_gave_out_is_refused(server: ToolServer) -> None:
    state = (await tried(server, TOKEN))["result"]["requestState"]
    for forged in ("x", state[:-4] + "AAAA", state + "A"):
        assert (await tried(server, TOKEN, forged))["error"]["code"] == -32602


def test_a_state_expires() -> None:
    assert RequestStateSecurity.ephemeral().ttl == 600  # as docs/operating.md says
