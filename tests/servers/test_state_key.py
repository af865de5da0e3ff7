"""Replicas with one key take the answers to each other's questions."""

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import mcp_types as types
import pytest
from mcp import Client, MCPError
from tests.servers.harness import MODERN, TOKEN, builder, client_of

from toolyard.core.context import CallContext
from toolyard.core.errors import ConfigError, InputRequired
from toolyard.core.inputs import elicit
from toolyard.core.toolbox import Toolbox
from toolyard.servers.builder import MCPServerBuilder

OLD = "Zm9yIHRoZXNlIHRlc3RzIG9ubHksIHRoZSBvbGQgb25lMSE="
NEW = "YW5kIHRoaXMgaXMgdGhlIG5ldyBvbmUsIGZvciB0ZXN0czI="
QUESTION = elicit("Your name?", {"type": "object", "properties": {"name": {"type": "string"}}})
ANSWERS: types.InputResponses = {
    "name": types.ElicitResult(action="accept", content={"name": "Ann"})
}


async def _greet(context: CallContext) -> str:
    """Greet whoever calls, once it is known who that is."""
    if context.state is None:
        raise InputRequired({"name": QUESTION}, "asked once")
    return f"{context.state}: {context.inputs['name']['content']['name']}"


def replica(*keys: str) -> MCPServerBuilder:
    """A server of its own that asks, with these keys."""
    tools = Toolbox()
    tools.add(_greet, name="greet")
    configured = builder(tools).with_bearer_token(TOKEN)
    return configured.with_state_key(*keys) if keys else configured


async def _decline(context: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
    raise AssertionError((context, params))  # nobody is to be asked: the tests have the answer


@asynccontextmanager
async def client_to(configured: MCPServerBuilder) -> AsyncGenerator[Client]:
    """The official client of such a server, able to be asked."""
    async with (
        configured.build() as server,
        client_of(server, MODERN, TOKEN, elicitation_callback=_decline) as client,
    ):
        yield client


async def sealed_by(client: Client) -> str:
    """What the client is to keep until it knows the answer."""
    asked = await client.session.call_tool("greet", allow_input_required=True)
    assert isinstance(asked, types.InputRequiredResult)
    assert asked.request_state
    return asked.request_state


async def answered(client: Client, state: str) -> str:
    """What comes of the answer."""
    result = await client.session.call_tool("greet", input_responses=ANSWERS, request_state=state)
    assert isinstance(result.content[0], types.TextContent)
    return result.content[0].text


# Whose server asks, whose takes the answer: the rollout of a new key, in its phases.
@pytest.mark.parametrize(
    ("asks", "goes_on"),
    [
        ([OLD], [OLD]),
        ([OLD], [OLD, NEW]),
        ([OLD, NEW], [OLD]),
        ([OLD], [NEW, OLD]),
        ([NEW, OLD], [OLD, NEW]),
        ([NEW, OLD], [NEW]),
    ],
)
async def test_one_replica_asks_and_another_takes_the_answer(
    asks: Sequence[str], goes_on: Sequence[str]
) -> None:
    async with client_to(replica(*asks)) as first, client_to(replica(*goes_on)) as second:
        assert await answered(second, await sealed_by(first)) == "asked once: Ann"


@pytest.mark.parametrize(
    ("asks", "goes_on"),
    [([], []), ([OLD], []), ([OLD], [NEW]), ([OLD, NEW], [NEW]), ([NEW, OLD], [OLD])],
)
async def test_a_replica_that_lacks_the_key_refuses_the_answer(
    asks: Sequence[str], goes_on: Sequence[str]
) -> None:
    async with client_to(replica(*asks)) as first, client_to(replica(*goes_on)) as second:
        state = await sealed_by(first)
        with pytest.raises(MCPError, match="requestState") as refused:
            await answered(second, state)
        assert refused.value.error.code == -32602
        assert await answered(first, state) == "asked once: Ann"


async def test_a_server_of_another_name_does_not_take_it_with_the_same_key() -> None:
    other = MCPServerBuilder("other").with_protocol("tools", Toolbox()).with_port(0)
    other.with_bearer_token(TOKEN).with_state_key(OLD)
    async with client_to(replica(OLD)) as first, client_to(other) as second:
        with pytest.raises(MCPError, match="requestState"):
            await answered(second, await sealed_by(first))


def test_a_key_that_is_too_short_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="`openssl rand -base64 32`") as refused:
        replica(OLD, NEW[:40])
    assert NEW[:40] not in str(refused.value)


async def test_a_key_is_in_no_log_and_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with client_to(replica(OLD, NEW)) as first, client_to(replica()) as second:
        state = await sealed_by(first)
        with pytest.raises(MCPError) as refused:
            await answered(second, state)
    said = f"{caplog.text} {state} {refused.value.error}"
    assert not any(key in said for key in (OLD, NEW))
