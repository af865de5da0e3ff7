"""Changes that a server tells of reach subscribers, also after it went away and came back."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from tests.clients.serving import ERAS, STDIO, Restartable, restartable, serving
from tests.clients.tools import refuse, toolbox

from toolyard import CallContext, MCPClient, Toolbox, ToolCall, ToolRegistry
from toolyard.core.protocol import Change

CONTEXT = CallContext()


class Heard:
    """The changes a client told of."""

    def __init__(self, client: MCPClient) -> None:
        self._send, self._receive = anyio.create_memory_object_stream[Change](1000)
        self.unsubscribe = client.subscribe(self._send.send_nowait)

    async def one(self) -> Change:
        """Wait for the next change."""
        with anyio.fail_after(10):
            return await self._receive.receive()

    def close(self) -> None:
        self.unsubscribe()
        self._send.close()
        self._receive.close()


@asynccontextmanager
async def hearing(client: MCPClient) -> AsyncGenerator[Heard]:
    """Subscribed, and past the first word: that something may have changed until then."""
    heard = Heard(client)
    assert await heard.one() == Change("tools")
    try:
        yield heard
    finally:
        heard.close()


@pytest.mark.parametrize("era", ERAS)
async def test_tools_added_and_removed_are_heard_over_http(era: str) -> None:
    source = toolbox()
    async with (
        serving(source) as url,
        MCPClient(url, revision=era) as client,
        hearing(client) as heard,
    ):
        source.add(refuse, name="another")
        assert await heard.one() == Change("tools")
        assert await client.list_tools(CONTEXT) == await source.list_tools(CONTEXT)
        source.remove("another")
        assert await heard.one() == Change("tools")


@pytest.mark.parametrize("era", ERAS)
async def test_a_tool_added_by_a_call_is_heard_over_stdio(era: str) -> None:
    async with MCPClient.stdio(STDIO, revision=era) as client, hearing(client) as heard:
        await client.call_tool(ToolCall("grow"), CONTEXT)
        assert await heard.one() == Change("tools")
        assert (await client.list_tools(CONTEXT))[-1].name == "grown"


@pytest.mark.parametrize("era", ERAS)
async def test_every_subscriber_hears_until_it_unsubscribes(era: str) -> None:
    source = toolbox()
    async with (
        serving(source) as url,
        MCPClient(url, revision=era) as client,
        hearing(client) as first,
    ):
        second = Heard(client)
        source.add(refuse, name="one")
        assert await first.one() == await second.one() == Change("tools")
        second.unsubscribe()
        source.add(refuse, name="two")
        await first.one()
        second.close()


@pytest.mark.parametrize("era", ERAS)
async def test_prompts_are_heard_too(era: str) -> None:
    source = toolbox()

    @source.prompt
    def hello() -> str:
        """Hello."""
        return "Hello"

    async with (
        serving(source) as url,
        MCPClient(url, revision=era) as client,
        hearing(client) as heard,
    ):
        source.remove_prompt("hello")
        assert await heard.one() == Change("prompts")


@pytest.mark.parametrize("era", ERAS)
async def test_after_a_restart_a_change_is_told_without_any_call(era: str) -> None:
    source = toolbox()
    async with (
        restartable(source) as server,
        MCPClient(server.url, revision=era) as client,
        hearing(client) as heard,
    ):
        await server.restart()
        assert await heard.one() == Change("tools")
        source.add(refuse, name="after")
        assert await heard.one() == Change("tools")
        assert (await client.list_tools(CONTEXT))[-1].name == "after"


@pytest.mark.parametrize("era", ERAS)
async def test_a_registry_over_a_server_follows_its_changes_and_restarts(era: str) -> None:
    source = Toolbox()
    source.add(refuse)
    async with (
        restartable(source) as server,
        ToolRegistry(MCPClient(server.url, revision=era)) as registry,
    ):
        await _lists(registry, ["refuse"])
        source.add(refuse, name="more")
        await _lists(registry, ["refuse", "more"])
        await _restarted_with_change(server, source)
        await _lists(registry, ["refuse"])


async def _restarted_with_change(server: Restartable, source: Toolbox) -> None:
    await server.stop()
    source.remove("more")
    await server.start()


async def _lists(registry: ToolRegistry, expected: list[str]) -> None:
    changed = anyio.Event()

    def note(change: Change) -> None:
        changed.set()

    unsubscribe = registry.subscribe(note)
    with anyio.fail_after(10):
        while [tool.name for tool in await registry.list_tools(CONTEXT)] != expected:
            await changed.wait()
            changed = anyio.Event()
    unsubscribe()
