"""Tools change while an agent works: the next turn is offered what is there then."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from tests.clients.serving import ERAS, Restartable, restartable, serving

from toolyard import Agent, CallContext, Change, MCPClient, ScriptedModel, Text, Toolbox, ToolUse
from toolyard.llm.message import ToolUseResult


def version() -> int:
    """Which version this is."""
    return 1


def version_two() -> int:
    """Which version this is."""
    return 2


def added() -> str:
    """A tool that came later."""
    return "here"


def box(**tools: object) -> Toolbox:
    toolbox = Toolbox()
    for name, function in tools.items():
        toolbox.add(function, name=name)
    return toolbox


@asynccontextmanager
async def heard(agent: Agent) -> AsyncGenerator[None]:
    """Waits, after its block, until the registry has heard of a change."""
    changed = anyio.Event()

    def note(change: Change) -> None:
        changed.set()

    unsubscribe = agent.registry.subscribe(note)
    try:
        yield
        with anyio.fail_after(10):
            await changed.wait()
    finally:
        unsubscribe()


def uses(*names: str) -> list[ToolUse]:
    """The model asks for these, one each turn."""
    return [ToolUse(f"{at}-{name}", name, {}) for at, name in enumerate(names)]


def offered(script: ScriptedModel) -> list[list[str]]:
    return [[tool.name for tool in request.tools] for request in script.requests]


def told(script: ScriptedModel) -> list[str]:
    """What the tools said, in the order in which the model heard it."""
    parts = [part for message in script.requests[-1].messages for part in message.parts]
    results = [part for part in parts if isinstance(part, ToolUseResult)]
    return [part.text for each in results for part in each.content if isinstance(part, Text)]


async def test_a_source_of_its_own_is_swapped_in_mid_run() -> None:
    async def swap() -> str:
        """Swap."""
        await agent.registry.swap("tools", box(version=version_two, added=added))
        return "ok"

    script = ScriptedModel(
        *uses("version", "swap", "version"),
        "Done",
    )
    async with Agent("Mai", script, tools={"tools": box(version=version), "yard": swap}) as agent:
        await agent.send("Go")
    assert offered(script) == [["version", "swap"]] * 2 + [["version", "added", "swap"]] * 2
    assert told(script)[::2] == ["1", "2"]


@pytest.mark.parametrize("era", ERAS)
async def test_a_tool_comes_and_goes_at_a_remote_source_in_mid_run(era: str) -> None:
    source = box(version=version)

    async def change() -> str:
        """Change."""
        async with heard(agent):
            if len(await source.list_tools(CallContext())) == 1:
                source.add(added)
            else:
                source.remove("added")
        return "ok"

    script = ScriptedModel(*uses("change", "added", "change", "added"), "Done")
    async with serving(source) as url:
        tools = {"far": MCPClient(url, revision=era), "yard": change}
        async with Agent("Mai", script, tools=tools) as agent:
            await agent.send("Go")
    without, with_it = ["version", "change"], ["version", "added", "change"]
    assert offered(script) == [without, with_it, with_it, without, without]
    assert told(script)[1] == "here"
    assert told(script)[3] == "There is no tool 'added'; there are: version, change."


@pytest.mark.parametrize("era", ERAS)
async def test_a_remote_source_is_restarted_in_mid_run(era: str) -> None:
    source = box(version=version)

    async def restart() -> str:
        """Restart with another tool."""
        async with heard(agent):
            await server.stop()
            source.add(added)
            await server.start()
        with anyio.fail_after(10):
            while len(await agent.list_tools()) < 3:  # noqa: ASYNC110 - two changes may be told
                await anyio.sleep(0.01)
        return "ok"

    server: Restartable
    script = ScriptedModel(
        *uses("version", "restart", "version", "added"),
        "Done",
        ToolUse("u-9", "version", {}),
        "Again",
    )
    async with restartable(source) as server:
        tools = {"far": MCPClient(server.url, revision=era), "yard": restart}
        async with Agent("Mai", script, tools=tools) as agent:
            await agent.send("Go")
            assert told(script)[::2] == ["1", "1"]
            assert told(script)[3] == "here"
            await server.restart()
            await agent.send("Again")  # also between runs
            assert told(script)[-1] == "1"
    assert offered(script)[2] == ["version", "added", "restart"]


async def test_a_source_that_is_away_fails_calls_and_not_the_run() -> None:
    source = box(version=version)

    async def stop() -> str:
        """Stop."""
        await server.stop()
        return "ok"

    async def start() -> str:
        """Start."""
        async with heard(agent):
            await server.start()
        return "ok"

    server: Restartable
    uses = [
        ToolUse(f"u-{at}", name, {})
        for at, name in enumerate(["stop", "version", "start", "version"])
    ]
    script = ScriptedModel(*uses, "Done")
    async with restartable(source) as server:
        tools = {"far": MCPClient(server.url), "stopping": stop, "starting": start}
        async with Agent("Mai", script, tools=tools) as agent:
            assert (await agent.send("Go")).text == "Done"
    results = told(script)
    assert results[3] == "1"
    assert results[1] != "1"
