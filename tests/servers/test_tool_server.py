"""A server's life: start, graceful stop, signals, and being mounted in another application."""

import contextlib
import logging
import signal
import sys
import textwrap
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette
from starlette.routing import Mount, Router
from tests.servers.harness import (
    ERAS,
    TOKEN,
    ask,
    builder,
    call,
    client_of,
    http_to,
    legacy,
    messages,
    open_session,
)
from tests.support.process import running

from toolyard.core.context import Event
from toolyard.core.errors import NameClash
from toolyard.core.toolbox import Toolbox
from toolyard.events.types import MountChanged, ServerStarted, ServerStopped, ServerStopping
from toolyard.servers.builder import MCPServerBuilder
from toolyard.servers.tool_server import ToolServer

CANNOT_CONNECT = r"refused|failed"


class Waiting:
    """A server with a tool that lasts until it is told to end."""

    def __init__(self, *, stubborn: bool = False) -> None:
        self.started, self.release = anyio.Event(), anyio.Event()
        self.stubborn = stubborn
        self.events: list[Event] = []
        self.stopping = anyio.Event()
        tools = Toolbox()
        tools.add(self.wait, description="Wait.")
        tools.resource("notes://a")(self.wait)
        self.builder = builder(tools).with_event_handler(self.hear)

    async def wait(self) -> str:
        self.started.set()
        with anyio.CancelScope(shield=self.stubborn):
            await self.release.wait()
        return "done"

    def hear(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, ServerStopping):
            self.stopping.set()


async def waited(http: httpx2.AsyncClient, era: str, answers: list[dict[str, Any]]) -> None:
    if era == "legacy":
        session = await open_session(http)
        body = legacy("tools/call", {"name": "wait"})
        answer = await http.post("/mcp", content=body, headers=session)
    else:
        answer = await call(http, "wait")
    answers.append(messages(answer)[-1])


@pytest.mark.parametrize("era", ERAS)
async def test_a_call_under_way_is_answered_before_the_server_ends(era: str) -> None:
    waiting, answers = Waiting(), list[dict[str, Any]]()
    async with (
        waiting.builder.build() as server,
        http_to(server) as http,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(waited, http, era, answers)
        await waiting.started.wait()
        tasks.start_soon(server.stop)
        await waiting.stopping.wait()
        waiting.release.set()

    assert answers[0]["result"]["content"][0]["text"] == "done"
    last = waiting.events[-1]
    assert isinstance(last, ServerStopped)
    assert last.interrupted == 0


@pytest.mark.parametrize("era", ERAS)
async def test_a_call_that_outlasts_the_drain_is_told_so(era: str) -> None:
    waiting, answers = Waiting(), list[dict[str, Any]]()
    async with (
        waiting.builder.build() as server,
        http_to(server) as http,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(waited, http, era, answers)
        await waiting.started.wait()
        await server.stop(0.05)

    assert answers[0]["result"]["isError"]
    text = answers[0]["result"]["content"][0]["text"]
    assert text == "The server is stopping and ended 'wait' before it finished; try again."
    last = waiting.events[-1]
    assert isinstance(last, ServerStopped)
    assert last.interrupted == 1


async def test_a_second_stop_hurries_the_first() -> None:
    waiting, answers = Waiting(), list[dict[str, Any]]()
    async with (
        waiting.builder.build() as server,
        http_to(server) as http,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(waited, http, "modern", answers)
        await waiting.started.wait()
        tasks.start_soon(server.stop)
        await waiting.stopping.wait()
        with anyio.fail_after(5):
            await server.stop(0.05)

    assert answers[0]["result"]["isError"]


async def test_connections_are_refused_as_soon_as_the_server_stops() -> None:
    waiting, answers = Waiting(), list[dict[str, Any]]()
    async with (
        waiting.builder.build() as server,
        http_to(server) as http,
        http_to(server) as early,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(waited, http, "modern", answers)
        await waiting.started.wait()
        assert (await early.get("/readyz")).text == "ready\n"
        tasks.start_soon(server.stop)
        await waiting.stopping.wait()
        await anyio.lowlevel.checkpoint()
        with pytest.raises(OSError, match=CANNOT_CONNECT):
            await anyio.connect_tcp("127.0.0.1", server.port)
        assert (await early.get("/readyz")).text == "not ready\n"
        waiting.release.set()


async def test_a_connection_of_the_backlog_is_not_left_hanging() -> None:
    waiting = Waiting()
    async with waiting.builder.build() as server:
        await server.stop()
        with pytest.raises(OSError, match=CANNOT_CONNECT):
            await anyio.connect_tcp("127.0.0.1", server.port)


async def test_streams_of_notices_end_when_the_server_stops() -> None:
    waiting = Waiting()
    ended: list[str] = []
    async with waiting.builder.build() as server:

        async def listen() -> None:
            async with client_of(server, "auto") as client:
                async with client.listen(tools_list_changed=True) as events:
                    ready.set()
                    async for _ in events:
                        pass
                    ended.append("listen")
                await anyio.lowlevel.checkpoint()

        async def get() -> None:
            async with http_to(server) as http:
                session = await open_session(http)
                async with http.stream("GET", "/mcp", headers=session) as answer:
                    opened.set()
                    async for _ in answer.aiter_bytes():
                        pass
                    ended.append("get")

        ready, opened = anyio.Event(), anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            tasks.start_soon(get)
            await ready.wait()
            await opened.wait()
            with anyio.fail_after(5):
                await server.stop()
    assert sorted(ended) == ["get", "listen"]


async def test_a_server_leaves_no_task_behind() -> None:
    left: list[set[int]] = []
    for _ in range(2):  # the SDK's library for streams keeps one task for each event loop
        waiting, answers = Waiting(), list[dict[str, Any]]()
        async with waiting.builder.build() as server, http_to(server) as http:
            waiting.release.set()
            await waited(http, "legacy", answers)
            await waited(http, "modern", answers)
        left.append({task.id for task in anyio.get_running_tasks()})
    assert left[0] == left[1]


async def test_a_body_that_fails_ends_the_server_with_its_own_error() -> None:
    waiting = Waiting()
    with pytest.raises(KeyError, match="mine"):
        async with waiting.builder.build():
            raise KeyError("mine")
    mounted, started = waiting.events[:2]
    assert isinstance(mounted, MountChanged)
    assert isinstance(started, ServerStarted)
    port = int(started.url.split(":")[2].split("/")[0])
    with pytest.raises(OSError, match=CANNOT_CONNECT):
        await anyio.connect_tcp("127.0.0.1", port)


async def test_a_cancelled_server_ends() -> None:
    waiting = Waiting()
    with anyio.move_on_after(0.05):
        async with waiting.builder.build():
            await anyio.sleep_forever()
    assert isinstance(waiting.events[-1], ServerStopped)


async def test_a_server_says_when_it_starts_and_stops() -> None:
    waiting = Waiting()
    async with waiting.builder.build() as server:
        mounted = MountChanged("tools", "ready", None)
        assert waiting.events == [mounted, ServerStarted("tested", server.url)]
        assert server.url == f"http://127.0.0.1:{server.port}/mcp"
    assert waiting.events[2:] == [ServerStopping("tested", 30.0, 0), ServerStopped("tested", 0)]


async def test_a_clash_at_the_start_names_both_sources() -> None:
    one, two = Toolbox(), Toolbox()
    for box in (one, two):
        box.add(_add, name="add")
    clashing = MCPServerBuilder("x").with_port(0).with_protocol("left", one)
    with pytest.raises(NameClash, match=r"(?s)left.*right.*add.*prefix"):
        async with clashing.with_protocol("right", two).build():
            pass


async def test_a_source_can_be_served_again_after_a_start_that_failed() -> None:
    one, two = Toolbox(), Toolbox()
    for box in (one, two):
        box.add(_add, name="add")
    failing = MCPServerBuilder("x").with_port(0).with_protocol("a", one).with_protocol("b", two)
    with pytest.raises(NameClash):
        async with failing.build():
            pass
    one.add(_add, name="more")
    async with builder(one).build() as server, client_of(server, "auto") as client:
        one.add(_add, name="again")
        names = [tool.name for tool in (await client.list_tools()).tools]
    assert names == ["add", "more", "again"]


async def _add(a: float, b: float) -> float:
    """Add two numbers."""
    return a + b


def adding(name: str = "add") -> ToolServer:
    tools = Toolbox()
    tools.add(_add, name=name)
    return builder(tools).with_bearer_token(TOKEN).build()


@asynccontextmanager
async def inside(app: Starlette | Router) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client of an application that runs in this process."""
    transport = httpx2.ASGITransport(app=app)
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with (
        (app.router if isinstance(app, Starlette) else app).lifespan_context(app),
        httpx2.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=headers
        ) as http,
    ):
        yield http


async def test_a_server_mounts_into_another_application() -> None:
    server = adding()
    routes = [Mount("/tools", app=server.asgi_app())]
    async with inside(Starlette(routes=routes, lifespan=server.lifespan)) as http:
        assert (await http.get("/tools/healthz")).text == "ok\n"
        assert (await http.get("/tools/readyz")).status_code == 200
        assert (await http.get("/tools/nothing")).status_code == 404
        assert (await http.get("/mcp")).status_code == 404
        nobody = await http.get("/tools/metrics", headers={"authorization": ""})
        assert nobody.status_code == 401
        transport = streamable_http_client("http://127.0.0.1/tools/mcp", http_client=http)
        async with Client(transport, mode="auto") as client:
            result = await client.call_tool("add", {"a": 1, "b": 2})
    assert result.structured_content == {"result": 3}


async def test_two_servers_mount_into_one_application() -> None:
    one, two = adding("one"), adding("two")

    @asynccontextmanager
    async def both(app: object) -> AsyncGenerator[None]:
        async with one.lifespan(app), two.lifespan(app):
            yield

    routes = [Mount("/one", app=one.asgi_app()), Mount("/two", app=two.asgi_app())]
    async with inside(Starlette(routes=routes, lifespan=both)) as http:
        for name in ("one", "two"):
            body = await ask(http, "tools/list")
            assert body.status_code == 404
            url = f"http://127.0.0.1/{name}/mcp"
            async with Client(streamable_http_client(url, http_client=http)) as client:
                assert [tool.name for tool in (await client.list_tools()).tools] == [name]


async def test_a_server_is_an_application_of_its_own() -> None:
    app: Any = adding().asgi_app()
    async with inside(app) as http:
        assert (await ask(http, "tools/list")).status_code == 200


async def test_a_mounted_server_that_was_not_started_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "toolyard")
    app = Starlette(routes=[Mount("/tools", app=adding().asgi_app())])
    async with inside(app) as http:
        for _ in range(3):
            answer = await http.post("/tools/mcp", content=legacy("ping"))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert (await http.get("/tools/readyz")).status_code == 503
        assert (await http.get("/tools/healthz")).status_code == 200
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert "lifespan=server.lifespan" in said[0]


SCRIPT = """
    import time
    import anyio
    from toolyard import MCPServerBuilder, Toolbox

    tools = Toolbox()

    @tools.tool
    async def wait(seconds: float) -> str:
        "Wait."
        print("waiting", flush=True)
        await anyio.sleep(seconds)
        return "done"

    def show(event):
        print(type(event).__name__, getattr(event, "url", ""), flush=True)

    (MCPServerBuilder("x").with_protocol("tools", tools).with_port(0)
        .with_event_handler(show).build_and_serve())
"""


def in_thread(url: str, seconds: float, answers: list[Any]) -> None:
    async def main() -> None:
        async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=10) as http:
            with contextlib.suppress(httpx2.HTTPError):
                answers.append((await call(http, "wait", seconds=seconds)).json())

    anyio.run(main)


@pytest.mark.parametrize(("seconds", "signals", "text"), [(0.6, 1, "done"), (60, 2, "stopping")])
async def test_a_signal_stops_a_process_once_its_calls_are_answered(
    seconds: float, signals: int, text: str
) -> None:
    answers: list[Any] = []
    with running([sys.executable, "-c", textwrap.dedent(SCRIPT)]) as process:
        url = process.line("ServerStarted").split()[1].removesuffix("/mcp")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, in_thread, url, seconds, answers)
            await anyio.to_thread.run_sync(process.line, "waiting")
            for _ in range(signals):
                process._process.send_signal(signal.SIGTERM)
                await anyio.to_thread.run_sync(process.line, "CallFinished|ServerStopping")
        code = await anyio.to_thread.run_sync(process._process.wait, 10)
        assert "Traceback" not in process.output

    assert code == 0
    assert text in answers[0]["result"]["content"][0]["text"]


EARLY = """
    import signal
    from toolyard import MCPServerBuilder, ServerStarted, Toolbox

    def interrupt(event):
        if isinstance(event, ServerStarted):
            signal.raise_signal(signal.SIGINT)

    (MCPServerBuilder("x").with_protocol("tools", Toolbox()).with_port(0)
        .with_event_handler(interrupt).build_and_serve())
    print("and the program goes on")
"""


async def test_a_signal_right_at_the_start_stops_it_too() -> None:
    with running([sys.executable, "-c", textwrap.dedent(EARLY)]) as process:
        await anyio.to_thread.run_sync(process.line, "goes on")
        assert await anyio.to_thread.run_sync(process._process.wait, 10) == 0
        assert "Traceback" not in process.output


SLOW_START = """
    import anyio
    from toolyard import MCPServerBuilder, Toolbox

    class Slow(Toolbox):
        async def __aenter__(self):
            print("starting", flush=True)
            await anyio.sleep(30)
            return self

    MCPServerBuilder("x").with_protocol("tools", Slow()).with_port(0).build_and_serve()
    print("and the program goes on", flush=True)
"""


async def test_a_signal_while_a_source_starts_gives_the_start_up() -> None:
    with running([sys.executable, "-c", textwrap.dedent(SLOW_START)]) as process:
        await anyio.to_thread.run_sync(process.line, "starting")
        process._process.send_signal(signal.SIGTERM)
        await anyio.to_thread.run_sync(process.line, "goes on")
        assert await anyio.to_thread.run_sync(process._process.wait, 10) == 0
        assert "Traceback" not in process.output


async def test_serving_can_be_cancelled_while_it_drains() -> None:
    tools, up, started, draining = Toolbox(), anyio.Event(), anyio.Event(), anyio.Event()

    def hear(event: Event) -> None:
        if isinstance(event, ServerStarted):
            up.set()
        if isinstance(event, ServerStopping):
            draining.set()

    @tools.tool
    async def wait() -> None:
        """Wait."""
        started.set()
        await anyio.sleep_forever()

    assert wait
    server = builder(tools).with_drain(60).with_event_handler(hear).build()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as serving:
            serving.start_soon(server.serve)
            await up.wait()
            async with http_to(server) as http, anyio.create_task_group() as calling:
                calling.start_soon(_quietly, http)
                await started.wait()
                signal.raise_signal(signal.SIGTERM)
                await draining.wait()
                serving.cancel_scope.cancel()
                calling.cancel_scope.cancel()


async def _quietly(http: httpx2.AsyncClient) -> None:
    with contextlib.suppress(httpx2.HTTPError):
        await call(http, "wait")
