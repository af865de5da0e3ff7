"""The fast lane answers whatever is asked as the SDK's app does, and runs no tool twice."""

from __future__ import annotations

from base64 import b64decode
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated, Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import Field
from tests.servers.harness import TOKEN
from tests.servers.lane.odd_requests import CHANGES, PLAIN, Odd, odd_requests, plain
from tests.servers.lane.wire import asked

from toolyard import CallContext, Image, Resource, Text, Toolbox, ToolError, ToolResult
from toolyard.core.inputs import elicit
from toolyard.servers.builder import MCPServerBuilder
from toolyard.servers.tool_server import ToolServer

PIXEL = b64decode("iVBORw0KGgo=")
NARROW = "narrow-token-for-these-tests-0123456789"
LIKE = (
    "content-type",
    "www-authenticate",
    "allow",
    "mcp-session-id",
    "retry-after",
    "cache-control",
)
"""The headers that matter; how long the body is says the body."""


class Box(Toolbox):
    """Tools of every kind, and how often each was run."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: Counter[str] = Counter()
        for tool in (add, say, told, ask, loud):
            self.tool(tool)
        for name, result in RESULTS.items():
            self.add_schema(
                name, _giving(result), description="Give it.", input_schema={"type": "object"}
            )
        self.add_schema(
            "mirror",
            ToolResult.of,
            description="Give it back.",
            input_schema={
                "type": "object",
                "properties": {"colour": {"type": "string", "x-mcp-header": "Colour"}},
            },
        )
        self.tool(bug)
        self.tool(refuse)
        for name, schema in SCHEMAS.items():
            inner = {"properties": {"x": {"default": None, "enum": [None, 1.0, 10**30]}}}
            self.add_schema(
                name,
                ToolResult.of,
                description="\u00e9",
                input_schema={"type": "object", **inner, **schema},
                output_schema={"type": "object", **schema},
                title="T",
                read_only=True,
            )

    async def call_tool(self, call: Any, context: CallContext) -> ToolResult:
        """Run it, and count."""
        self.runs[call.name] += 1
        return await super().call_tool(call, context)


async def add(a: int, b: Annotated[int, Field(ge=0)] = 2) -> int:
    """Add."""
    return a + b


async def say(v: Any) -> Any:
    """Give it back."""
    return {"said": v}


async def told(context: CallContext) -> str:
    """Tell how far it is."""
    await context.progress(1, 2, "half")
    await context.log("warning", {"x": 1}, logger="own")
    await context.progress(2)
    return "told"


async def ask(context: CallContext) -> str:
    """Ask who it is."""
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    answer = await context.ask("who", elicit("Who?", schema))
    return str(answer.get("action"))


def loud() -> list[Any]:
    """Give a picture and text."""
    return [Image(PIXEL), Text("\u00e9\u2028 \U0001f600"), Resource("own://x", text="t")]


async def bug() -> int:
    """Fail."""
    raise KeyError("/root/secret")


async def refuse() -> int:
    """Fail on purpose."""
    raise ToolError("no \u00e9")


RESULTS = {
    "none": ToolResult(),
    "odd": ToolResult((Text("x"),), structured={"a": None, "b": [None, {"c": None}], "d": 1.0}),
    "many": ToolResult(structured={f"k{number}": [number] for number in range(300)}),
    "wrong": ToolResult((Text("x", annotations={"priority": 9}),)),
    "noted": ToolResult((Text("x", meta={"a": 1}),), meta={"b": None, "c": 1}),
    "big": ToolResult(structured={"n": 10**30, "f": 1e22, "s": "\u007f\u0000"}),
    "keys": ToolResult(structured=cast("Any", {1: "a", "t": (1, 2)})),
    "endless": ToolResult(structured={"x": float("nan")}),
    "half": ToolResult((Text("\ud800"),)),
    "list": ToolResult(structured=[1, None]),
    "failed": ToolResult.error("no"),
}


SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "inner-nothing": {},
    "outer-nothing": {"default": None},
    "dialect": {"$schema": "https://json-schema.org/draft/2020-12/schema", "examples": [None]},
}
"""Of tools that are only listed: what the SDK makes of nothing depends on where it is."""


def _giving(result: ToolResult) -> Callable[[Mapping[str, Any]], ToolResult]:
    return lambda arguments: result


def server_of(box: Box, *, fast_lane: bool) -> ToolServer:
    return (
        MCPServerBuilder("tested")
        .with_protocol("tools", box)
        .with_port(0)
        .with_bearer_token(TOKEN, name="all")
        .with_bearer_token(NARROW, name="narrow", scopes=["tool:add", "tool:told"])
        .with_fast_lane(fast_lane)
        .build()
    )


@dataclass
class Side:
    """A server, and what was run on it."""

    box: Box
    port: int

    async def answer(self, odd: Odd) -> dict[str, Any]:
        """All that matters of the answer, and the tools it took."""
        before = self.box.runs.copy()
        answer = await asked(self.port, odd)
        runs = dict(self.box.runs - before)
        return {"status": answer.status, **answer.headers, "said": answer.said, "runs": runs}


@pytest.fixture(scope="module")
async def sides() -> AsyncGenerator[list[Side]]:
    """The SDK's way, the fast lane, and the lane that hands over every call."""
    async with AsyncExitStack() as open_servers:
        found: list[Side] = []
        for fast_lane in (False, True, True):
            box = Box()
            server = await open_servers.enter_async_context(server_of(box, fast_lane=fast_lane))
            found.append(Side(box, server.port))
            if len(found) == 3:
                assert server.lane is not None
                server.lane.is_forced = True
        yield found


async def assert_alike(sides: list[Side], odd: Odd) -> dict[str, Any]:
    sdk, *lanes = [await side.answer(odd) for side in sides]
    for lane in lanes:
        assert lane == sdk, odd
    return sdk


@pytest.mark.parametrize("change", CHANGES)
async def test_one_change_makes_no_difference(
    sides: list[Side], change: Callable[[Odd], Odd]
) -> None:
    for method, params in PLAIN:
        await assert_alike(sides, change(plain(method, params)))


@given(odd_requests())
@settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_several_changes_make_no_difference(sides: list[Side], odd: Odd) -> None:
    await assert_alike(sides, odd)


@pytest.mark.parametrize("name", ["add", "say", "loud", "bug", "refuse", "mirror", *RESULTS])
@pytest.mark.parametrize("token", [TOKEN, NARROW])
async def test_what_tools_give_makes_no_difference(
    sides: list[Side], name: str, token: str
) -> None:
    odd = plain("tools/call", {"name": name, "arguments": {"v": "\u00e9"}})
    odd.headers[2] = (b"authorization", b"Bearer " + token.encode())
    await assert_alike(sides, odd)


async def test_a_plain_call_is_answered_by_the_lane_alone(sides: list[Side]) -> None:
    """Or else nothing here would be compared."""
    method, params = PLAIN[0]
    answers = [await side.answer(plain(method, params)) for side in sides[:2]]
    assert answers[0] == answers[1]
    assert answers[1]["said"]["result"]["structuredContent"] == {"result": 3}
