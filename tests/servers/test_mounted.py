"""A server inside somebody else's application, run by somebody else's server."""

import signal
import sys
import textwrap
from collections.abc import Generator
from typing import Any

import anyio
import httpx2
import pytest
from anyio.to_thread import run_sync
from tests.servers.harness import call, headers_of, request
from tests.support.process import Running, free_port, running

PROGRAM = """
    import sys
    import anyio
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Mount
    from toolyard import MCPServerBuilder, Toolbox

    tools = Toolbox()

    @tools.tool
    async def wait(seconds: float) -> str:
        "Wait."
        print("waiting", flush=True)
        await anyio.sleep(seconds)
        return "done"

    def show(event):
        print(type(event).__name__, flush=True)

    server = (MCPServerBuilder("x").with_protocol("tools", tools).with_event_handler(show)
        .with_drain(0.2).build())
    app = Starlette(routes=[Mount("/tools", app=server.asgi_app())], lifespan=server.lifespan)
    uvicorn.run(app, port=int(sys.argv[1]), timeout_graceful_shutdown=2, log_level="warning")
"""


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def process(port: int) -> Generator[Running]:
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(port)]
    with running(command) as started:
        started.answers(f"http://127.0.0.1:{port}/tools/healthz")
        yield started


async def test_it_ends_with_the_application_once_calls_are_answered(
    process: Running, port: int
) -> None:
    wanted: dict[str, Any] = {"notifications": {"toolsListChanged": True}}
    listen = request("subscriptions/listen", wanted)
    texts: list[str] = []
    async with (
        httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{port}/tools", trust_env=False, timeout=10
        ) as http,
        http.stream("POST", "/mcp", json=listen, headers=headers_of(listen)) as stream,
    ):
        assert stream.status_code == 200

        async def work() -> None:
            texts.append((await call(http, "wait", seconds=0.5)).text)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            await run_sync(process.line, "waiting")
            process._process.send_signal(signal.SIGTERM)
        with anyio.fail_after(10):
            code = await run_sync(process._process.wait)
    assert '"done"' in texts[0]
    assert code in (0, -signal.SIGTERM)
    await run_sync(process.line, "ServerStopping")
    await run_sync(process.line, "ServerStopped")
