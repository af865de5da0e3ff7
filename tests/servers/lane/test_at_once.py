"""Calls of tools that never wait, which run without a task of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from tests.servers.harness import META, ask, builder, http_to
from tests.servers.lane.odd_requests import LOG_LEVEL
from tests.servers.lane.test_running import asking
from tests.servers.lane.wire import asked

from toolyard import CallContext, Toolbox, ToolCall, ToolResult
from toolyard.core.context import Event
from toolyard.core.errors import NotAllowed
from toolyard.events.types import CallFinished, CallStarted
from toolyard.servers.tool_server import ToolServer

MARK: ContextVar[str] = ContextVar("MARK", default="none")


async def given(server: ToolServer, tool: str) -> Any:
    said = (await asked(server.port, asking(tool))).said
    return said["result"]["structuredContent"]["result"]


async def test_nobody_ends_calls_by_the_task_that_they_see() -> None:
    box, seen = Toolbox(), list[asyncio.Task[Any]]()

    @box.tool
    async def look() -> bool:  # pyright: ignore[reportUnusedFunction]
        """Look who is there, and end it."""
        for task in seen:
            task.cancel()
        task = asyncio.current_task()
        assert task is not None
        seen.append(task)
        with anyio.CancelScope() as scope:  # noqa: ASYNC100 - without a task it could not be
            scope.cancel()
        return task.done()

    async with builder(box).build() as server:
        assert [await given(server, "look") for _ in range(3)] == [True, True, True]


async def test_what_a_call_puts_into_its_context_stays_there() -> None:
    box = Toolbox()

    @box.tool
    async def mark() -> str:  # pyright: ignore[reportUnusedFunction]
        """Set a mark."""
        found = MARK.get()
        MARK.set("marked")
        return found

    async with builder(box).build() as server, http_to(server) as http:
        said = [await ask(http, "tools/call", {"name": "mark", "arguments": {}}) for _ in range(2)]
    found = [answer.json()["result"]["structuredContent"] for answer in said]
    assert found == [{"result": "none"}] * 2


async def end() -> str:
    """Fail."""
    raise SystemExit


async def end_later(context: CallContext) -> str:
    """Fail."""
    assert 0 < context.remaining_s < 1000
    raise SystemExit


@pytest.mark.parametrize("tool", [end, end_later])
async def test_each_call_is_counted_and_none_is_left_under_way(tool: Any) -> None:
    heard: list[Event] = []
    box = Toolbox()
    box.add(tool, name="fail")
    serving = builder(box).with_event_handler(heard.append, CallStarted, CallFinished)
    async with serving.build() as server:
        for _ in range(2):
            assert (await asked(server.port, asking("fail"))).said["result"]["isError"]
        health = server.registry.health()["tools"]
        assert (health["calls"], health["errors"], health["in_flight"]) == (2, 2, 0)
        async with http_to(server) as http:
            metrics = (await http.get("/metrics")).text
        assert 'calls_total{outcome="error",tool="fail"} 2.0' in metrics
        assert "calls_in_flight 0.0" in metrics
    assert [type(event) for event in heard] == [CallStarted, CallFinished] * 2
    assert [event.outcome for event in heard if isinstance(event, CallFinished)] == ["error"] * 2


async def refuse() -> str:
    """Refuse."""
    raise NotAllowed("tool:other")


async def test_a_call_that_refuses_is_counted_as_what_it_is() -> None:
    box = Toolbox()
    box.add(refuse)
    async with builder(box).build() as server:
        assert (await asked(server.port, asking("refuse"))).said["error"]["message"]
        async with http_to(server) as http:
            metrics = (await http.get("/metrics")).text
    assert 'calls_total{outcome="not_allowed",tool="refuse"} 1.0' in metrics


async def later() -> str:
    """Wait."""
    await anyio.sleep(0.01)
    return "waited"


async def now() -> str:
    """Do not."""
    return "at once"


class Waiting(Toolbox):
    """Waits before each call."""

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        await anyio.sleep(0.01)
        return await super().call_tool(call, context)


@pytest.mark.parametrize("kind", [Toolbox, Waiting])
async def test_a_tool_that_is_replaced_by_one_that_waits_may(kind: Callable[[], Toolbox]) -> None:
    box = kind()
    box.add(now, name="tool")
    async with builder(box).build() as server:
        assert await given(server, "tool") == "at once"
        box.remove("tool")
        box.add(later, name="tool")
        assert await given(server, "tool") == "waited"
        other = Waiting()
        other.add(now, name="tool")
        await server.registry.swap("tools", other)
        assert await given(server, "tool") == "at once"


@pytest.mark.parametrize("tool", ["keep", "keep_later"])
async def test_who_kept_the_way_back_of_an_answered_call_reaches_nobody(tool: str) -> None:
    box, kept = Toolbox(), list[CallContext]()

    @box.tool
    async def keep(context: CallContext) -> str:  # pyright: ignore[reportUnusedFunction]
        """Keep it."""
        kept.append(context)
        return "kept"

    @box.tool
    async def keep_later(context: CallContext) -> str:  # pyright: ignore[reportUnusedFunction]
        """Wait before."""
        await checkpoint()
        return await keep(context)

    async with builder(box).build() as server, http_to(server) as http:
        told = {LOG_LEVEL: "debug", **META}
        params = {"name": tool, "arguments": {}, "_meta": told}
        for number in range(3):
            answer = await ask(http, "tools/call", params, number=number)
            said = answer.json()
            assert (said["id"], said["result"]["structuredContent"]) == (number, {"result": "kept"})
            with anyio.fail_after(5):
                await kept[0].log("error", "too late")
        assert server.long_way.side is None


async def test_all_ways_of_answering_take_turns_on_one_connection() -> None:
    box = Toolbox()
    box.add(now)
    box.add(later)

    @box.tool
    async def tell(context: CallContext) -> str:  # pyright: ignore[reportUnusedFunction]
        """Say something before."""
        await context.log("error", "beware")
        return "told"

    async with builder(box).build() as server, http_to(server) as http:
        told = {LOG_LEVEL: "debug", **META}
        for number, tool in enumerate(["now", "tell", "now", "later", "now", "now", "none"] * 2):
            params = {"name": tool, "arguments": {}, "_meta": told}
            answer = await ask(http, "tools/call", params, number=number)
            assert f'"id":{number}' in answer.text
            assert ('"beware"' in answer.text) == (tool == "tell")
            assert (answer.status_code == 200) == (tool != "none")
            assert ("at once" in answer.text) == (tool == "now")


async def test_a_tool_that_is_replaced_as_its_call_begins_is_still_the_one_that_runs() -> None:
    box = Toolbox()
    box.add(now, name="tool")

    def replace(event: Event) -> None:
        if isinstance(event, CallStarted):
            box.remove("tool")
            box.add(later, name="tool")

    async with builder(box).with_event_handler(replace).build() as server:
        assert await given(server, "tool") == "at once"
        assert await given(server, "tool") == "waited"
