"""A server on pipes within this process, and the host at their other end."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Any, Literal

import anyio
from tests.servers.harness import INITIALIZE, META

from toolyard.core.background import Background
from toolyard.core.protocol import ToolProtocol
from toolyard.events.bus import EventBus
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.servers.calls import Calls
from toolyard.servers.face import McpFace
from toolyard.servers.incoming_lines import HeardLines, lines_of
from toolyard.servers.lane.pipe_lane import OpenLane, PipeLane
from toolyard.servers.limits import Limits
from toolyard.servers.metrics import Metrics
from toolyard.servers.mirrors import Mirrors
from toolyard.servers.outgoing_lines import SentLines, lines_to
from toolyard.servers.sdk import sdk_side
from toolyard.servers.served import Identity, Served
from toolyard.servers.stdio import serve_lines
from toolyard.servers.tool_calls import ToolCalls

Way = Literal["sdk", "lane", "forced"]
"""Past the lane; through it; through it, but that it hands over every call as it begins."""
ASKING: dict[str, Any] = {**INITIALIZE, "capabilities": {"elicitation": {}, "sampling": {}}}


def served_of(source: ToolProtocol) -> Served:
    """What a server of `source` serves, without a transport."""
    events, registry = EventBus(), ToolRegistry()
    registry.expect("tools", source)
    calls = Calls(Metrics(lambda: 0), events, call_s=20, most=50)
    tools = ToolCalls(registry, calls, events.emit)
    parts = (registry, calls, tools, Mirrors(registry), Limits(page_size=2), events.emit)
    return Served(Identity("tested", "1"), *parts)


class Host:
    """Says lines and hears messages; it declines whatever it is asked."""

    def __init__(self, lines: SentLines, calls: Calls, face: McpFace) -> None:
        self.heard: list[Any] = []
        self.face = face
        self.is_over = False
        """Whether the server has ended by itself."""
        self.stopped = anyio.Event()
        self.declines = True
        self._hears = anyio.Event()
        self._hears.set()
        self._news = anyio.Event()
        self._lines = lines
        self._calls = calls
        self._numbers = itertools.count(1)

    async def listen(self, lines: HeardLines) -> None:
        async for line in lines:
            await self._hears.wait()
            message = json.loads(line)
            self.heard.append(message)
            self._news.set()
            if self.declines and "method" in message and "id" in message:
                answer = {"jsonrpc": "2.0", "id": message["id"], "result": {"action": "decline"}}
                await self.say(json.dumps(answer).encode())

    @contextmanager
    def deaf(self) -> Generator[None]:
        """Hear nothing within the block, so that what is said to this host piles up."""
        self._hears = anyio.Event()
        try:
            yield
        finally:
            self._hears.set()

    async def say(self, line: bytes) -> None:
        await self._lines.send(line + b"\n")

    async def send(self, method: str, params: Any = None, **more: Any) -> None:
        """A request if a number is among `more`, else a notification."""
        message: Any = {"jsonrpc": "2.0", "method": method, "params": params or {}, **more}
        await self.say(json.dumps(message).encode())

    async def until(self, condition: Callable[[], bool]) -> None:
        with anyio.fail_after(10):
            while not condition():  # noqa: ASYNC110 - there is no event for most of them
                await anyio.sleep(0.001)

    def answer(self, number: Any) -> Any:
        """The answer to a request; `None` if there is none yet."""
        said = (one for one in self.heard if "method" not in one and one.get("id") == number)
        return next(said, None)

    async def ask(self, method: str, params: Any = None) -> Any:
        """The answer to a request that has a number of its own."""
        number = f"own {next(self._numbers)}"
        await self.send(method, params, id=number)
        with anyio.fail_after(10):
            while self.answer(number) is None:
                self._news = anyio.Event()
                await self._news.wait()
        return self.answer(number)

    async def quiet(self, modern: bool) -> None:
        """Return once all that was said is answered, so far as it will be."""
        method, params = ("server/discover", {"_meta": META}) if modern else ("ping", {})
        await self.ask(method, params)
        await self.until(lambda: not self._calls.in_flight)
        await self.ask(method, params)  # an answer that was handed over has no longer way

    async def settle(self, modern: bool, **hello: Any) -> None:
        """Open the pipe in one of the eras."""
        if modern:
            await self.ask("tools/list", {"_meta": META})
        else:
            await self.ask("initialize", {**ASKING, **hello})
            await self.send("notifications/initialized")
        await self.quiet(modern)
        self.heard.clear()


def _forced(open_lane: OpenLane, *parts: Any) -> PipeLane:
    lane = open_lane(*parts)
    lane.is_forced = True
    return lane


async def _serve(
    host: Host, asked: HeardLines, said: SentLines, open_lane: OpenLane | None
) -> None:
    await serve_lines(host.face.sdk, asked, said, host.stopped, open_lane)
    host.is_over = True


@asynccontextmanager
async def piped(source: ToolProtocol, way: Way) -> AsyncGenerator[Host]:
    """A host of a server of `source`; what it says ends with the block."""
    served = served_of(source)
    face = (await sdk_side(served)).face
    open_lane = None if way == "sdk" else face.pipe_lane()
    if way == "forced":
        assert open_lane is not None
        open_lane = partial(_forced, open_lane)
    with ExitStack() as stack:
        (to_server, from_host), (to_host, from_server) = os.pipe(), os.pipe()
        for descriptor in (to_server, to_host, from_server):
            stack.callback(os.close, descriptor)
        closing = stack.enter_context(ExitStack())
        closing.callback(os.close, from_host)
        async with (
            served.registry,
            face.running(),
            lines_of(to_host) as answers,
            lines_to(from_server) as said,
            lines_of(to_server) as asked,
            Background() as tasks,
            lines_to(from_host) as lines,
            anyio.create_task_group() as serving,
        ):
            host = Host(lines, served.calls, face)
            tasks.start_soon(host.listen, answers)
            serving.start_soon(_serve, host, asked, said, open_lane)
            yield host
            with suppress(anyio.BrokenResourceError), anyio.move_on_after(5):
                await lines.all_written()
            closing.close()


@asynccontextmanager
async def settled(source: ToolProtocol, way: Way, *, modern: bool) -> AsyncGenerator[Host]:
    """The same, with the pipe open in one of the eras."""
    async with piped(source, way) as host:
        await host.settle(modern)
        yield host
