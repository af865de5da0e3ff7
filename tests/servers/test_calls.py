"""Calls that end before they are done, and how many may run."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from mcp import Client
from tests.servers.harness import (
    ERAS,
    builder,
    call,
    client_of,
    http_to,
    legacy,
    messages,
    open_session,
)

from toolyard.core.call_scope import CallScope
from toolyard.core.context import CallContext, Caller, Event
from toolyard.core.errors import CallInterrupted, CallTimeout, ToolError, UnknownName
from toolyard.core.tool import ToolResult
from toolyard.core.toolbox import Toolbox
from toolyard.events.bus import EventBus
from toolyard.events.types import CallFinished, CallStarted
from toolyard.servers.calls import Call, Calls
from toolyard.servers.exchange import Exchange
from toolyard.servers.metrics import Metrics


class Slow:
    """A toolbox with a tool that lasts until it is told to end, and what became of it."""

    def __init__(self) -> None:
        self.tools = Toolbox()
        self.started, self.ended = anyio.Event(), anyio.Event()
        self.release = anyio.Event()
        self.running = self.most = 0
        self.was_cancelled = False
        self.finished: list[CallFinished] = []
        self.tools.add(self.wait, description="Wait.")

    async def wait(self, context: CallContext) -> str:
        self.started.set()
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await context.progress(1, 2, "waiting")
            await self.release.wait()
        except anyio.get_cancelled_exc_class():
            self.was_cancelled = True
            raise
        finally:
            self.running -= 1
            self.ended.set()
        return "done"

    def hear(self, event: Event) -> None:
        if isinstance(event, CallFinished):
            self.finished.append(event)


async def legacy_wait(http: httpx2.AsyncClient, session: dict[str, str]) -> None:
    with contextlib.suppress(httpx2.HTTPError):
        body = legacy("tools/call", {"name": "wait"})
        await http.post("/mcp", content=body, headers=session)


async def by_client(client: Client) -> None:
    await client.call_tool("wait", {})


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_that_goes_away_stops_its_tool(era: str) -> None:
    slow = Slow()
    configured = builder(slow.tools).with_event_handler(slow.hear)
    async with configured.build() as server, http_to(server) as http:
        async with anyio.create_task_group() as tasks:
            if era == "legacy":
                tasks.start_soon(legacy_wait, http, await open_session(http))
            else:
                tasks.start_soon(call, http, "wait")
            await slow.started.wait()
            tasks.cancel_scope.cancel()
        with anyio.fail_after(1):
            await slow.ended.wait()
        assert "calls_in_flight 0.0" in (await http.get("/metrics")).text

    assert slow.was_cancelled
    assert [event.outcome for event in slow.finished] == ["cancelled"]


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_may_cancel_one_call_and_go_on(era: str) -> None:
    slow = Slow()
    async with builder(slow.tools).build() as server, client_of(server, era) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(by_client, client)
            await slow.started.wait()
            tasks.cancel_scope.cancel()
        with anyio.fail_after(1):
            await slow.ended.wait()
        assert [tool.name for tool in (await client.list_tools()).tools] == ["wait"]
    assert slow.was_cancelled


async def test_a_session_that_is_deleted_ends_its_calls() -> None:
    slow = Slow()
    async with builder(slow.tools).build() as server, http_to(server) as http:
        session = await open_session(http)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(legacy_wait, http, session)
            await slow.started.wait()
            assert (await http.delete("/mcp", headers=session)).status_code == 200
            with anyio.fail_after(1):
                await slow.ended.wait()
        assert slow.was_cancelled


@pytest.mark.parametrize("era", ERAS)
async def test_a_tool_that_takes_too_long_is_ended_and_the_model_told(era: str) -> None:
    slow = Slow()
    configured = builder(slow.tools).with_limits(call_s=0.05).with_event_handler(slow.hear)
    async with configured.build() as server, client_of(server, era) as client:
        result = await client.call_tool("wait", {})

    assert result.is_error
    assert "'wait' did not finish within 0.05 s" in str(result.content[0])
    assert slow.was_cancelled
    assert [event.outcome for event in slow.finished] == ["timeout"]


@pytest.mark.parametrize("era", ERAS)
async def test_progress_reaches_the_client_before_the_result(era: str) -> None:
    slow = Slow()
    told: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))
        slow.release.set()

    async with builder(slow.tools).build() as server, client_of(server, era) as client:
        with anyio.fail_after(5):
            await client.call_tool("wait", {}, progress_callback=hear)

    assert told == [(1, 2, "waiting")]


async def test_too_many_calls_at_once_are_refused_and_nothing_else() -> None:
    slow = Slow()
    configured = builder(slow.tools).with_limits(concurrency=2)
    async with configured.build() as server, http_to(server) as http:
        session = await open_session(http)
        async with anyio.create_task_group() as tasks:
            for _ in range(2):
                tasks.start_soon(call, http, "wait")
            with anyio.fail_after(5):
                while slow.running < 2:
                    await anyio.lowlevel.checkpoint()
            refused = await call(http, "wait")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert refused.json()["error"]["data"] == {"reason": "busy"}
            for method in ("ping", "tools/list"):
                other = await http.post("/mcp", content=legacy(method), headers=session)
                assert other.status_code == 200
            slow.release.set()
        assert (await call(http, "wait")).status_code == 200


async def test_calls_that_come_at_the_same_moment_are_not_too_many() -> None:
    slow = Slow()
    answers: list[httpx2.Response] = []
    configured = builder(slow.tools).with_limits(concurrency=3)
    async with configured.build() as server, http_to(server) as http:

        async def ask() -> None:
            answers.append(await call(http, "wait"))
            slow.release.set()

        async with anyio.create_task_group() as tasks:
            for _ in range(30):
                tasks.start_soon(ask)
    assert slow.most <= 3
    assert {answer.status_code for answer in answers} <= {200, 503}


async def test_two_hundred_clients_with_one_id_get_their_own_answers() -> None:
    tools = Toolbox()
    everyone = anyio.Event()
    waiting = 0

    @tools.tool
    async def echo(text: str) -> str:
        """Say it again, once all have come."""
        nonlocal waiting
        waiting += 1
        if waiting == 200:
            everyone.set()
        await everyone.wait()
        return text

    assert echo
    got: dict[str, str] = {}
    async with (
        builder(tools).build() as server,
        with_many_connections(server.url) as http,
        anyio.create_task_group() as tasks,
    ):

        async def modern(name: str) -> None:
            answer = await call(http, "echo", text=name)
            got[name] = messages(answer)[-1]["result"]["content"][0]["text"]

        async def old(name: str) -> None:
            session = await open_session(http)
            body = legacy("tools/call", {"name": "echo", "arguments": {"text": name}})
            answer = await http.post("/mcp", content=body, headers=session)
            got[name] = messages(answer)[-1]["result"]["content"][0]["text"]

        for number in range(100):
            tasks.start_soon(modern, f"modern {number}")
            tasks.start_soon(old, f"old {number}")
    assert len(got) == 200
    assert all(name == text for name, text in got.items())


def with_many_connections(url: str) -> httpx2.AsyncClient:
    limits = httpx2.Limits(max_connections=300)
    base = url.removesuffix("/mcp")
    return httpx2.AsyncClient(base_url=base, limits=limits, trust_env=False, timeout=30)


ALICE = Caller("alice", address="10.0.0.1")


def alone(*, call_s: float = 5, most: int = 10) -> tuple[Calls, list[Event]]:
    heard: list[Event] = []
    events = EventBus()
    events.add(heard.append)
    return Calls(Metrics(lambda: 0), events, call_s=call_s, most=most), heard


Work = Callable[[CallScope], Awaitable[ToolResult]]


async def run(calls: Calls, work: Work, exchange: Exchange | None = None) -> ToolResult:
    with Call(calls, "add", ALICE, exchange) as call:
        call.result = await work(call)
    return call.result


async def listed(calls: Calls) -> None:
    with calls.asking("The list", None) as scope:
        await forever(scope)


async def done(scope: CallScope) -> ToolResult:
    assert scope.deadline > anyio.current_time()
    return ToolResult()


def failing(error: Exception) -> Work:
    async def work(scope: CallScope) -> ToolResult:
        del scope
        raise error

    return work


@pytest.mark.parametrize(
    ("work", "outcome"),
    [
        (done, "ok"),
        (failing(ToolError("no")), "tool_error"),
        (failing(UnknownName("tool", "x")), "unknown_name"),
        (failing(KeyError("x")), "failed"),
    ],
)
async def test_a_call_is_announced_when_it_begins_and_when_it_ends(
    work: Work, outcome: str
) -> None:
    calls, heard = alone()
    with contextlib.suppress(ToolError, UnknownName, KeyError):
        await run(calls, work)

    started, finished = heard
    assert started == CallStarted("add", "alice", "10.0.0.1")
    assert isinstance(finished, CallFinished)
    assert (finished.tool, finished.outcome) == ("add", outcome)
    assert calls.in_flight == 0


async def test_a_result_that_is_an_error_counts_as_one() -> None:
    calls, heard = alone()

    async def work(scope: CallScope) -> ToolResult:
        del scope
        return ToolResult.error("no")

    await run(calls, work)
    assert isinstance(heard[-1], CallFinished)
    assert heard[-1].outcome == "error"


async def test_a_call_beyond_the_limit_says_so() -> None:
    calls, _ = alone(most=1)

    async def second(scope: CallScope) -> ToolResult:
        del scope
        assert calls.are_full
        with pytest.raises(ToolError, match="Too many calls"):
            await run(calls, done)
        return ToolResult()

    await run(calls, second)
    assert not calls.are_full


async def forever(scope: CallScope) -> ToolResult:
    del scope
    await anyio.sleep_forever()
    raise AssertionError


async def test_time_runs_out() -> None:
    calls, _ = alone(call_s=0.01)
    with pytest.raises(CallTimeout):
        await run(calls, forever)


async def test_draining_ends_what_does_not_end_itself() -> None:
    calls, _ = alone()
    errors: list[Any] = []

    async def one() -> None:
        try:
            await run(calls, forever)
        except CallInterrupted as error:
            errors.append(str(error))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one)
        while not calls.in_flight:
            await anyio.lowlevel.checkpoint()
        assert await calls.drain(0.01) == 1
    assert errors == ["The server is stopping and ended 'add' before it finished; try again."]
    with pytest.raises(CallInterrupted):
        await run(calls, done)


async def test_a_client_that_is_gone_ends_all_its_calls() -> None:
    calls, heard = alone()
    exchange = Exchange(ALICE)

    async def one() -> None:
        with contextlib.suppress(CallInterrupted):
            await run(calls, forever, exchange)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one)
        tasks.start_soon(one)
        while calls.in_flight < 2:
            await anyio.lowlevel.checkpoint()
        exchange.abandon()
        tasks.start_soon(one)  # it set out before the client was gone
    outcomes = [event.outcome for event in heard if isinstance(event, CallFinished)]
    assert outcomes == ["cancelled"] * 3


async def test_calls_and_reads_do_not_take_each_others_places() -> None:
    calls, _ = alone(most=2)

    async def read() -> None:
        with contextlib.suppress(CallInterrupted):
            await listed(calls)

    async def call() -> None:
        with contextlib.suppress(CallInterrupted):
            await run(calls, forever)

    async with anyio.create_task_group() as tasks:
        for one in (read, read):
            tasks.start_soon(one)
        await anyio.wait_all_tasks_blocked()
        assert (calls.in_flight, calls.are_full) == (0, False)
        with pytest.raises(ToolError, match="Too many"):
            await listed(calls)
        for one in (call, call):
            tasks.start_soon(one)
        await anyio.wait_all_tasks_blocked()
        assert (calls.in_flight, calls.are_full) == (2, True)
        assert b"toolyard_calls_in_flight 2.0" in Metrics(lambda: calls.in_flight).text()
        with pytest.raises(ToolError, match="Too many"):
            await run(calls, forever)
        calls.interrupt()
    assert b"toolyard_calls_in_flight 0.0" in Metrics(lambda: calls.in_flight).text()


@pytest.mark.parametrize("era", ERAS)
async def test_names_that_callers_make_up_are_not_counted(era: str) -> None:
    slow = Slow()
    async with (
        builder(slow.tools).with_limits(concurrency=1).build() as server,
        http_to(server) as http,
        anyio.create_task_group() as tasks,
    ):
        headers = {} if era != "legacy" else await open_session(http)

        async def ask(name: str) -> None:
            if not headers:
                await call(http, name)
                return
            body = legacy("tools/call", {"name": name, "arguments": {}})
            with anyio.move_on_after(0.05), contextlib.suppress(httpx2.HTTPError):
                await http.post("/mcp", content=body, headers=headers)

        for number in range(5):
            await ask(f"ghost{number}")
        tasks.start_soon(call, http, "wait")
        await slow.started.wait()
        for number in range(5, 10):
            await ask(f"ghost{number}")
        slow.release.set()
        assert "ghost" not in (await http.get("/metrics")).text


async def test_a_call_is_ended_once_however_often_it_is_told_to() -> None:
    calls, _ = alone()

    async def stubborn(scope: CallScope) -> ToolResult:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.1)
        return await forever(scope)

    async def one() -> None:
        with contextlib.suppress(CallInterrupted):
            await run(calls, stubborn)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one)
        await anyio.wait_all_tasks_blocked()
        calls.interrupt()
        assert await calls.drain(0) == 1
