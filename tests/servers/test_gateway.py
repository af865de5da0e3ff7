"""A server of a server elsewhere: everything passes through it, but no caller's token."""

import signal
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import product
from types import TracebackType
from typing import Any, Self

import anyio
import pytest
from tests.clients.serving import ERAS, Asked, OldServer, answering, serving, url_of
from tests.clients.tools import RESULTS, toolbox
from tests.servers.gateway_process import gateway_process
from tests.servers.harness import TOKEN
from tests.support.process import free_port

from toolyard import CallContext, MCPClient, MCPServerBuilder, Toolbox, ToolCall, ToolProtocol
from toolyard.core.content import Text
from toolyard.core.context import LogLevel
from toolyard.core.inputs import InputRequest
from toolyard.core.tool import Tool, ToolResult

CONTEXT = CallContext()
BOTH = list(product(ERAS, ERAS))
"""The era towards the server far away, and the one towards the caller."""


@asynccontextmanager
async def through(
    source: ToolProtocol, far: str, near: str, **options: Any
) -> AsyncGenerator[MCPClient]:
    """A caller of a gateway to a server of `source`."""
    with anyio.fail_after(30):
        async with (
            serving(source) as url,
            serving(MCPClient(url, revision=far)) as gateway,
            MCPClient(gateway, revision=near, **options) as caller,
        ):
            yield caller


@pytest.mark.parametrize(("far", "near"), BOTH)
async def test_tools_and_results_come_through_unchanged(far: str, near: str) -> None:
    async with through(toolbox(), far, near) as caller:
        assert await caller.list_tools(CONTEXT) == await toolbox().list_tools(CONTEXT)
        for name, served in RESULTS.items():
            assert await caller.call_tool(ToolCall(name), CONTEXT) == served
        refused = await caller.call_tool(ToolCall("refuse"), CONTEXT)
        assert (refused.is_error, refused.text) == (True, "not today")
        headed = await caller.call_tool(ToolCall("headed", {"region": "eu"}), CONTEXT)
        assert headed.structured == {"region": "eu"}


class Progress:
    """A channel that takes note of progress."""

    capabilities: Mapping[str, Any] = {}
    log_level: LogLevel | None = None
    wants_progress = True
    can_ask = False

    def __init__(self) -> None:
        self.steps: list[tuple[float, float | None, str | None]] = []

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        self.steps.append((progress, total, message))

    async def log(self, level: str, data: Any, logger: str | None) -> None:
        raise AssertionError((level, data, logger))

    async def ask(self, request: InputRequest) -> Mapping[str, Any]:
        raise AssertionError(request)


@pytest.mark.parametrize(("far", "near"), BOTH)
async def test_progress_comes_through(far: str, near: str) -> None:
    channel = Progress()
    async with through(toolbox(), far, near) as caller:
        call = ToolCall("count", {"to": 3})
        result = await caller.call_tool(call, CallContext(channel=channel))
    assert result.structured == {"result": 3}
    assert channel.steps == [(1, 3, "at 1"), (2, 3, "at 2"), (3, 3, "at 3")]


class Square:
    """A source that lists what it takes and gives, and gives what it is told to."""

    def __init__(self, *results: ToolResult) -> None:
        self.calls: list[Mapping[str, Any]] = []
        self._results = iter(results)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """There is nothing to leave."""

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        return [Tool("square", "Square a number.", object_of("number"), object_of("square"))]

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        self.calls.append(call.arguments)
        return next(self._results)


def object_of(name: str) -> Mapping[str, Any]:
    """The schema of an object with one whole number and nothing else."""
    rest = {"required": [name], "additionalProperties": False}
    return {"type": "object", "properties": {name: {"type": "integer"}}, **rest}


CONTEXTS = (CONTEXT, CallContext(channel=Progress()))
"""A call that the client may send by itself, and one that it leaves to the SDK."""


@pytest.mark.parametrize(("far", "near"), BOTH)
async def test_what_is_wrong_with_arguments_the_server_far_away_says(far: str, near: str) -> None:
    wrong: list[Mapping[str, Any]] = [{}, {"number": "7"}, {"number": 7, "more": 1}]
    said = ToolResult((Text("I square whole numbers."),), is_error=True)
    source = Square(*[said] * len(wrong) * len(CONTEXTS))
    async with through(source, far, near) as caller:
        await caller.list_tools(CONTEXT)
        for context in CONTEXTS:
            for arguments in wrong:
                assert await caller.call_tool(ToolCall("square", arguments), context) == said
    assert source.calls == wrong * len(CONTEXTS)


@pytest.mark.parametrize(("far", "near"), BOTH)
async def test_a_result_that_breaks_its_schema_comes_through_as_it_is(far: str, near: str) -> None:
    odd = [
        ToolResult((Text("a word"),), structured={"square": "a word"}),
        ToolResult((Text("more"),), structured={"square": 4, "more": 1}),
        ToolResult((Text("no data"),)),
    ]
    source = Square(*odd * len(CONTEXTS))
    async with through(source, far, near) as caller:
        await caller.list_tools(CONTEXT)
        for context in CONTEXTS:
            call = ToolCall("square", {"number": 2})
            assert [await caller.call_tool(call, context) for _ in odd] == odd


@pytest.mark.parametrize(("far", "near"), BOTH)
async def test_progress_is_asked_for_where_a_caller_wants_it(far: str, near: str) -> None:
    source, wanted = Toolbox(), list[bool]()

    @source.tool
    def note(context: CallContext) -> str:
        """Note whether progress is wanted."""
        wanted.append(context.channel.wants_progress)
        return "noted"

    async with through(source, far, near) as caller:
        await caller.call_tool(ToolCall("note"), CallContext(channel=Progress()))
        await caller.call_tool(ToolCall("note"), CONTEXT)
    assert wanted == [True, False]


@pytest.mark.parametrize("near", ERAS)
async def test_a_question_reaches_the_caller_and_its_answer_the_tool(near: str) -> None:
    async def answer(request: InputRequest) -> Mapping[str, Any]:
        assert request.params["message"] == "Who are you?"
        return {"action": "accept", "content": {"name": "Ada"}}

    async with through(toolbox(), "auto", near, answer=answer) as caller:
        result = await caller.call_tool(ToolCall("greet"), CONTEXT)
    assert result.text == "accept {'name': 'Ada'}"


@pytest.mark.parametrize(("far", "near"), BOTH)
async def test_a_caller_that_cancels_ends_the_tool_far_away(far: str, near: str) -> None:
    source = Toolbox()
    started, ended = anyio.Event(), anyio.Event()

    @source.tool
    async def hang() -> None:
        """Hang."""
        started.set()
        try:
            await anyio.sleep_forever()
        finally:
            ended.set()

    async with through(source, far, near) as caller:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(caller.call_tool, ToolCall("hang"), CONTEXT)
            await started.wait()
            tasks.cancel_scope.cancel()
        with anyio.fail_after(5):
            await ended.wait()
        assert len(await caller.list_tools(CONTEXT)) == 1


OWN = "a-token-of-the-gateway-itself-0123456789"


@pytest.mark.parametrize("near", ERAS)
async def test_a_server_far_away_sees_the_gateways_token_and_never_the_callers(near: str) -> None:
    seen: list[Asked] = []

    class Noting(OldServer):
        async def answer(self, asked: Asked) -> bytes:
            seen.append(asked)
            return await super().answer(asked)

    async with answering(Noting().answer) as url:
        builder = MCPServerBuilder("gateway").with_protocol("far", MCPClient(url, token=OWN))
        builder = builder.with_port(0).with_drain(0.1).with_bearer_token(TOKEN)
        with anyio.fail_after(30):
            async with (
                builder.build() as gateway,
                MCPClient(gateway.url, token=TOKEN, revision=near) as caller,
            ):
                assert (await caller.call_tool(ToolCall("add"), CONTEXT)).text == "ok"
    assert any(asked.body and asked.body.get("method") == "tools/call" for asked in seen)
    assert {asked.headers.get("authorization") for asked in seen} == {f"Bearer {OWN}"}
    assert TOKEN not in repr(seen)


@pytest.mark.parametrize("era", ERAS)
async def test_a_gateway_told_to_stop_answers_the_call_that_runs_far_away(era: str) -> None:
    source, port = Toolbox(), free_port()
    begun = anyio.Event()

    @source.tool
    async def slow() -> str:
        """Take a while."""
        begun.set()
        await anyio.sleep(3)
        return "done"

    texts: list[str] = []
    with anyio.fail_after(60):
        async with (
            serving(source) as url,
            gateway_process(url, era, port) as gateway,
            MCPClient(url_of(port), revision=era) as caller,
        ):

            async def call() -> None:
                texts.append((await caller.call_tool(ToolCall("slow"), CONTEXT)).text)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call)
                await begun.wait()
                gateway.send_signal(signal.SIGTERM)
            assert await gateway.wait() == 0
    assert texts == ["done"]
