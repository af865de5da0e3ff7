"""Servers that are killed under a registry: only their own tools go, and they come back."""

import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.clients.serving import (
    ERAS,
    STDIO,
    Asked,
    OldServer,
    answering,
    http,
    process_on,
    serving,
    url_of,
)
from tests.clients.tools import toolbox
from tests.support.process import free_port

from toolyard import CallContext, Change, MCPClient, Toolbox, ToolCall, ToolRegistry
from toolyard.core.errors import NotAdmitted, ToolyardError, Unreachable

CONTEXT = CallContext()
FAR = ToolCall("far_process")


async def until(holds: Callable[[], bool]) -> None:
    with anyio.fail_after(15):
        while not holds():  # noqa: ASYNC110  (nothing tells of most of what tests wait for)
            await anyio.sleep(0.01)


class Near:
    """A registry with a mount `near` that is called without a pause, and must never notice."""

    def __init__(self, registry: ToolRegistry) -> None:
        self.registry = registry
        self.heard: list[Change] = []
        self.calls = 0
        self.unsubscribe = registry.subscribe(self._hear)

    def _hear(self, change: Change) -> None:
        self.heard.append(change)
        assert self.near == ["near_add"]

    @property
    def near(self) -> list[str]:
        return [name for name in self.names if name.startswith("near_")]

    @property
    def far(self) -> list[str]:
        return [name for name in self.names if name.startswith("far_")]

    @property
    def names(self) -> list[str]:
        return [tool.name for tool in self.registry._offer.table.tools]

    def state(self) -> Any:
        return self.registry.health()["far"]["state"]

    async def process(self) -> int:
        return (await self.registry.call_tool(FAR, CONTEXT)).structured["result"]

    async def keep_calling(self) -> None:
        while True:
            with anyio.fail_after(2):
                call = ToolCall("near_add", {"a": self.calls, "b": 1})
                result = await self.registry.call_tool(call, CONTEXT)
            assert result.structured == {"result": self.calls + 1}
            self.calls += 1
            await anyio.sleep(0.005)


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@asynccontextmanager
async def near() -> AsyncGenerator[Near]:
    tools = Toolbox()
    tools.add(add)
    with anyio.fail_after(60):
        async with ToolRegistry() as registry:
            await registry.add("near", tools, prefix="near")
            watched = Near(registry)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(watched.keep_calling)
                try:
                    yield watched
                finally:
                    watched.unsubscribe()
                tasks.cancel_scope.cancel()
    assert watched.calls > 0
    assert set(watched.heard) == {Change("tools")}


def slacken(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the next pause on, nothing comes back by itself for a long time."""
    monkeypatch.setattr("toolyard.clients.pace.LEAST_S", 60.0)
    monkeypatch.setattr("toolyard.clients.pace.LONGEST_PAUSE_S", 60.0)


@pytest.mark.parametrize("era", ERAS)
async def test_the_first_call_after_a_killed_server_is_back_succeeds(
    era: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    async with near() as watched:
        async with process_on(port) as first:
            client = MCPClient(url_of(port), revision=era)
            await watched.registry.add("far", client, prefix="far")
            offered, pid = watched.far, await watched.process()
            first.send_signal(signal.SIGKILL)
            await until(lambda: watched.state() == "unreachable")
        assert (watched.far, watched.near) == ([], ["near_add"])
        slacken(monkeypatch)
        with pytest.raises(Unreachable, match="Cannot reach"):
            await watched.process()
        async with process_on(port):
            assert await watched.process() != pid
            await until(lambda: watched.far == offered)
            told = watched.registry.health()["far"]
            assert (told["state"], told["restarts"]) == ("ready", 1)
            assert told["source"]["state"] == "connected"
            await watched.registry.call_tool(ToolCall("far_grow"), CONTEXT)
            await until(lambda: watched.far == [*offered, "far_grown"])


@pytest.mark.parametrize("era", ERAS)
async def test_a_killed_server_that_is_back_is_found_without_a_call(era: str) -> None:
    port = free_port()
    async with near() as watched:
        async with process_on(port) as first:
            client = MCPClient(url_of(port), revision=era)
            await watched.registry.add("far", client, prefix="far")
            offered = watched.far
            first.send_signal(signal.SIGKILL)
            await until(lambda: watched.far == [])
        async with process_on(port):
            await until(lambda: watched.far == offered)
            assert watched.state() == "ready"


@pytest.mark.parametrize("era", ERAS)
async def test_a_killed_child_is_started_again_and_its_tools_do_not_flicker(era: str) -> None:
    async with near() as watched:
        client = MCPClient.stdio(STDIO, revision=era)
        await watched.registry.add("far", client, prefix="far")
        offered, pid = watched.far, await watched.process()
        lists: list[list[str]] = []
        watched.registry.subscribe(lambda change: lists.append(watched.far))
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not Path(f"/proc/{pid}").exists())
        assert await watched.process() != pid
        await until(lambda: len(lists) > 0)
        assert all(each == offered for each in lists)
        assert watched.registry.health()["far"]["restarts"] == 1


@pytest.mark.parametrize("era", ERAS)
async def test_a_child_that_cannot_be_started_again_is_waited_for(
    era: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    script = (
        "import pathlib, runpy, sys\n"
        f"if pathlib.Path({str(broken)!r}).exists(): sys.exit(3)\n"
        f"sys.argv = [{STDIO[1]!r}, '--stdio']\n"
        f"runpy.run_path({STDIO[1]!r}, run_name='__main__')\n"
    )
    async with near() as watched:
        client = MCPClient.stdio((sys.executable, "-c", script), revision=era)
        await watched.registry.add("far", client, prefix="far")
        offered, pid = watched.far, await watched.process()
        broken.touch()
        os.kill(pid, signal.SIGKILL)
        await until(lambda: watched.state() == "unreachable")
        assert watched.far == []
        slacken(monkeypatch)
        with pytest.raises(Unreachable, match="went away before it answered"):
            await watched.process()
        broken.unlink()
        assert await watched.process() != pid
        await until(lambda: watched.far == offered)


async def test_a_patient_client_waits_for_a_server_that_is_not_there_yet() -> None:
    port = free_port()
    async with near() as watched:
        client = MCPClient(url_of(port), patient=True)
        await watched.registry.add("far", client, prefix="far")
        assert (watched.state(), watched.far) == ("unreachable", [])
        assert client.health()["state"] == "unreachable"
        with pytest.raises(Unreachable, match="Cannot reach"):
            await client.list_tools(CONTEXT)
        async with serving(toolbox(), port=port):
            await until(lambda: watched.state() == "ready")
            assert "far_process" in watched.far
            assert client.health() == {
                "state": "connected",
                "revision": "2026-07-28",
                "restarts": 0,
                "last_error": client.health()["last_error"],
            }


async def test_a_list_that_was_refused_once_is_asked_for_again() -> None:
    refused = 0

    class Busy(OldServer):
        async def answer(self, asked: Asked) -> bytes:
            nonlocal refused
            if asked.body and asked.body["method"] == "tools/list" and refused < 2:
                refused += 1
                return http(429)
            return await super().answer(asked)

    async with near() as watched, answering(Busy().answer) as url:
        await watched.registry.add("far", MCPClient(url), prefix="far")
        assert watched.state() == "unreachable"
        await until(lambda: watched.far == ["far_add"])
        assert (refused, watched.state()) == (2, "ready")


async def test_a_patient_client_that_is_not_let_in_says_so() -> None:
    async def answer(asked: Asked) -> bytes:
        return http(401)

    async with answering(answer) as url:
        async with MCPClient(url, patient=True) as client:
            with pytest.raises(NotAdmitted):
                await client.list_tools(CONTEXT)
        with pytest.raises(NotAdmitted):
            async with MCPClient(url):
                pass


async def test_nobody_takes_the_names_of_a_server_that_is_away() -> None:
    port = free_port()
    async with near() as watched:
        async with process_on(port):
            await watched.registry.add("far", MCPClient(url_of(port)), prefix="far")
        await until(lambda: watched.state() == "unreachable")
        rival = Toolbox()
        rival.add(add, name="process")
        with pytest.raises(ToolyardError, match="far_process"):
            await watched.registry.add("rival", rival, prefix="far")


async def test_a_source_that_cannot_be_reached_takes_no_ones_place() -> None:
    tools = Toolbox()
    tools.add(add)
    async with ToolRegistry() as registry:
        await registry.add("m", tools)
        with pytest.raises(Unreachable):
            await registry.swap("m", MCPClient(url_of(free_port()), patient=True))
        assert [tool.name for tool in await registry.list_tools(CONTEXT)] == ["add"]


async def test_a_process_that_does_not_stay_is_not_started_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("toolyard.clients.pace.MOST_STARTS", 3)
    client = MCPClient.stdio([sys.executable, "-c", "exit(3)"], patient=True)
    with anyio.fail_after(30):
        async with client:
            said = ""
            while "was started 3 times" not in said:
                with pytest.raises(Unreachable) as refused:
                    await client.call_tool(ToolCall("x"), CONTEXT)
                said = str(refused.value)
