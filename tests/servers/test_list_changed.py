"""A tool that is added far inside is heard of by the outermost client, exactly once."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import anyio
import pytest
from tests.servers.harness import ERAS, builder, client_of

from toolyard import MCPClient, Toolbox, ToolRegistry
from toolyard.servers.tool_server import ToolServer

QUIET_S = 0.3


def first() -> str:
    """First."""
    return "first"


@asynccontextmanager
async def direct(tools: Toolbox, era: str) -> AsyncGenerator[ToolServer]:
    del era
    async with builder(tools).build() as server:
        yield server


@asynccontextmanager
async def mounted(tools: Toolbox, era: str) -> AsyncGenerator[ToolServer]:
    del era
    async with builder(ToolRegistry(ToolRegistry(tools))).build() as server:
        yield server


@asynccontextmanager
async def gateway(tools: Toolbox, era: str) -> AsyncGenerator[ToolServer]:
    async with builder(tools).build() as upstream:
        client = MCPClient(upstream.url, revision="legacy" if era == "legacy" else "auto")
        async with builder(client).build() as server:
            yield server


SETTINGS: Mapping[str, Callable[[Toolbox, str], AbstractAsyncContextManager[ToolServer]]] = {
    "direct": direct,
    "mounted": mounted,
    "gateway": gateway,
}


class Heard:
    """How often a client was told that tools changed, and when it was last."""

    def __init__(self) -> None:
        self.times = 0
        self.any = anyio.Event()
        self.last = anyio.current_time()

    async def __call__(self, message: object) -> None:
        if "ToolListChanged" in type(message).__name__:
            self.times += 1
            self.any.set()
            self.last = anyio.current_time()

    async def quiet(self) -> None:
        """Wait until nothing has been told for a while."""
        await anyio.sleep(QUIET_S)
        while anyio.current_time() - self.last < QUIET_S:  # noqa: ASYNC110  (silence tells nothing)
            await anyio.sleep(0.05)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("setting", SETTINGS)
async def test_a_tool_added_innermost_is_heard_outermost_exactly_once(
    setting: str, era: str
) -> None:
    tools, heard = Toolbox(), Heard()
    tools.add(first)
    with anyio.fail_after(30):
        async with (
            SETTINGS[setting](tools, era) as server,
            client_of(server, era, message_handler=heard) as client,
            AsyncExitStack() as listening,
        ):
            if era != "legacy":
                await listening.enter_async_context(client.listen(tools_list_changed=True))
            assert [tool.name for tool in (await client.list_tools()).tools] == ["first"]
            await heard.quiet()
            heard.times, heard.any = 0, anyio.Event()
            tools.add(first, name="second")
            await heard.any.wait()
            assert [tool.name for tool in (await client.list_tools()).tools] == ["first", "second"]
            await heard.quiet()
            assert heard.times == 1
