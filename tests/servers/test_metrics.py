"""What Prometheus gets to see."""

from collections.abc import AsyncGenerator

import anyio
import pytest
from tests.servers.harness import TOKEN, ask, builder, call, http_to

from toolyard.core.context import CallContext, Event
from toolyard.core.errors import ToolError
from toolyard.core.toolbox import Toolbox
from toolyard.events.types import CallFinished, CallStarted, RequestRefused
from toolyard.servers.metrics import CONTENT_TYPE
from toolyard.servers.tool_server import ToolServer

events: list[Event] = []
release = anyio.Event()


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[ToolServer]:
    tools = Toolbox()

    @tools.tool
    async def add(a: float, b: float) -> float:
        """Add two numbers."""
        return a + b

    @tools.tool
    async def refuse(context: CallContext) -> str:
        """Say no."""
        raise ToolError("no")

    @tools.tool
    async def crash() -> str:
        """Fail."""
        raise RuntimeError("a bug")

    assert add
    assert refuse
    assert crash
    configured = builder(tools).with_bearer_token(TOKEN, "ann").with_event_handler(events.append)
    async with configured.with_limits(call_s=60).build() as running:
        yield running


async def samples(server: ToolServer) -> dict[str, float]:
    """Every number that is shown, by name and labels."""
    async with http_to(server, TOKEN) as http:
        answer = await http.get("/metrics")
    assert answer.headers["content-type"] == CONTENT_TYPE
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


async def test_calls_are_counted_by_tool_and_outcome(server: ToolServer) -> None:
    async with http_to(server, TOKEN) as http:
        for _ in range(3):
            await call(http, "add", a=1, b=2)
        await call(http, "add", a="x")
        await call(http, "refuse")
        await call(http, "crash")
    shown = await samples(server)

    assert shown['toolyard_calls_total{outcome="ok",tool="add"}'] == 3
    assert shown['toolyard_calls_total{outcome="invalid_arguments",tool="add"}'] == 1
    assert shown['toolyard_calls_total{outcome="error",tool="refuse"}'] == 1
    assert shown['toolyard_calls_total{outcome="error",tool="crash"}'] == 1
    assert shown['toolyard_call_seconds_count{tool="add"}'] == 4
    assert shown['toolyard_call_seconds_bucket{le="+Inf",tool="add"}'] == 4
    assert 0 < shown['toolyard_call_seconds_sum{tool="add"}'] < 5
    assert shown["toolyard_calls_in_flight"] == 0


async def test_names_that_clients_make_up_are_not_shown(server: ToolServer) -> None:
    async with http_to(server, TOKEN) as http:
        for number in range(50):
            await call(http, f"made_up_{number}")
            await http.get(f"/made/up/{number}")

    assert "made" not in str(await samples(server))


async def test_refusals_are_counted_by_reason(server: ToolServer) -> None:
    events.clear()
    async with http_to(server) as nobody:
        for _ in range(2):
            await ask(nobody, "tools/list")
        await ask(nobody, "tools/list", headers={"host": "evil.example"})
        await ask(nobody, "tools/list", headers={"origin": "http://evil.example"})
    shown = await samples(server)

    assert shown['toolyard_requests_refused_total{reason="token"}'] == 2
    assert shown['toolyard_requests_refused_total{reason="host"}'] == 1
    assert shown['toolyard_requests_refused_total{reason="origin"}'] == 1
    refused = [event for event in events if isinstance(event, RequestRefused)]
    assert [event.reason for event in refused] == ["token", "token", "host", "origin"]
    assert {(event.address, event.path) for event in refused} == {("127.0.0.1", "/mcp")}


async def test_events_tell_the_story_of_a_call_in_order(server: ToolServer) -> None:
    events.clear()
    async with http_to(server, TOKEN) as http:
        await call(http, "add", a=1, b=2)
        await call(http, "refuse")

    story = [(type(event), getattr(event, "tool", "")) for event in events]
    assert story == [
        (CallStarted, "add"),
        (CallFinished, "add"),
        (CallStarted, "refuse"),
        (CallFinished, "refuse"),
    ]
    finished = events[1]
    assert isinstance(finished, CallFinished)
    assert (finished.caller, finished.address, finished.outcome) == ("ann", "127.0.0.1", "ok")
    assert 0 < finished.duration_s < 5
