"""What a tool far away logs reaches who called it through a gateway, and nobody else."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from itertools import product
from typing import Any

import anyio
import pytest
from tests.clients.serving import ERAS, serving
from tests.servers.test_stdio import PROGRAM

from toolyard import CallContext, MCPClient, Toolbox, ToolCall
from toolyard.core.context import LogLevel
from toolyard.core.inputs import InputRequest

BOTH = list(product(ERAS, ERAS))
"""The era towards the server far away, and the one towards the caller."""

Entry = tuple[LogLevel, Any, str | None]


class Logged:
    """A channel that takes note of log entries."""

    capabilities: Mapping[str, Any] = {}
    wants_progress = False
    can_ask = False

    def __init__(self, level: LogLevel | None) -> None:
        self.log_level: LogLevel | None = level
        self.entries: list[Entry] = []

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        del progress, total, message

    async def log(self, level: LogLevel, data: Any, logger: str | None) -> None:
        self.entries.append((level, data, logger))

    async def ask(self, request: InputRequest) -> Mapping[str, Any]:
        raise AssertionError(request)


class Talking(Toolbox):
    """A tool that logs, and notes what its callers want to hear."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[LogLevel | None] = []
        self.both = anyio.Event()
        self.add(self.talk)
        self.add(self.meet)

    async def talk(self, context: CallContext) -> str:
        """Log something of each kind."""
        self.wanted.append(context.channel.log_level)
        await context.log("debug", {"step": 1}, logger="far")
        await context.log("warning", ["hot", 2])
        await context.progress(1)
        await context.log("error", "last")
        return "said"

    async def meet(self, name: str, context: CallContext) -> str:
        """Log while another call runs."""
        self.wanted.append(context.channel.log_level)
        if len(self.wanted) == 2:
            self.both.set()
        await self.both.wait()
        await context.log("info", name)
        return name


EVERYTHING: list[Entry] = [
    ("debug", {"step": 1}, "far"),
    ("warning", ["hot", 2], None),
    ("error", "last", None),
]


@asynccontextmanager
async def through(source: Toolbox, far: str, near: str) -> AsyncGenerator[MCPClient]:
    with anyio.fail_after(30):
        async with (
            serving(source) as url,
            serving(MCPClient(url, revision=far)) as gateway,
            MCPClient(gateway, revision=near) as caller,
        ):
            yield caller


@pytest.mark.parametrize(("far", "near"), BOTH)
async def test_log_entries_come_through_in_order_before_the_answer(far: str, near: str) -> None:
    async with through(Talking(), far, near) as caller:
        for _ in range(3):
            channel = Logged("debug")
            result = await caller.call_tool(ToolCall("talk"), CallContext(channel=channel))
            assert (result.text, channel.entries) == ("said", EVERYTHING)


@pytest.mark.parametrize(("far", "near"), BOTH)
async def test_a_caller_hears_only_what_is_grave_enough(far: str, near: str) -> None:
    async with through(Talking(), far, near) as caller:
        channel = Logged("warning")
        await caller.call_tool(ToolCall("talk"), CallContext(channel=channel))
        assert channel.entries == EVERYTHING[1:]
        silent = Logged(None)
        await caller.call_tool(ToolCall("talk"), CallContext(channel=silent))
        assert silent.entries == []


async def test_a_server_is_asked_for_no_more_than_the_caller_wants() -> None:
    source = Talking()
    async with through(source, "auto", "auto") as caller:
        for level in ("debug", "error", None):
            call = CallContext(channel=Logged(level))
            await caller.call_tool(ToolCall("talk"), call)
    assert source.wanted == ["debug", "error", None]


@pytest.mark.parametrize(("far", "near"), BOTH)
async def test_of_two_calls_at_once_each_hears_its_own(far: str, near: str) -> None:
    channels = {name: Logged("debug") for name in ("one", "two")}
    async with through(Talking(), far, near) as caller:

        async def call(name: str) -> None:
            context = CallContext(channel=channels[name])
            await caller.call_tool(ToolCall("meet", {"name": name}), context)

        async with anyio.create_task_group() as tasks:
            for name in channels:
                tasks.start_soon(call, name)
    for name, channel in channels.items():
        assert channel.entries == [("info", name, None)]


@pytest.mark.parametrize("far", ERAS)
async def test_what_cannot_be_told_to_belong_to_a_call_is_not_passed_on(far: str) -> None:
    channel = Logged("debug")
    async with MCPClient.stdio([*PROGRAM, "0.1", "2"], revision=far) as client:
        result = await client.call_tool(ToolCall("odd"), CallContext(channel=channel))
    assert (result.is_error, channel.entries) == (False, [])
