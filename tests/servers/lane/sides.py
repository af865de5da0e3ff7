"""Servers of one set of tools that answer each in its own way, to be compared."""

from __future__ import annotations

from base64 import b64decode
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any, cast

from pydantic import Field
from tests.servers.harness import TOKEN, http_to, open_session
from tests.servers.lane.odd_requests import Odd
from tests.servers.lane.wire import Answer, asked

from toolyard import CallContext, Image, Resource, Text, Toolbox, ToolCall, ToolError, ToolResult
from toolyard.core.errors import InputRequired
from toolyard.core.inputs import elicit
from toolyard.core.protocol import Instant
from toolyard.servers.builder import MCPServerBuilder
from toolyard.servers.tool_server import ToolServer

STREAM = "text/event-stream"
PIXEL = b64decode("iVBORw0KGgo=")
NARROW = "narrow-token-for-these-tests-0123456789"


class Box(Toolbox):
    """Tools of every kind, and how often each was run."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: Counter[str] = Counter()
        for tool in (add, say, told, ask, question, loud):
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

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Run it, and count."""
        self.runs[call.name] += 1
        return await super().call_tool(call, context)

    def instant(self, name: str) -> Instant | None:
        """To count takes no time."""
        run = super().instant(name)

        def counted(arguments: Mapping[str, Any]) -> ToolResult:
            self.runs[name] += 1
            assert run is not None
            return run(arguments)

        return None if run is None else counted


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


async def question() -> str:
    """Ask who it is, without a way to hear it."""
    raise InputRequired({"who": elicit("Who?", {"type": "object", "properties": {}})})


def loud() -> list[Any]:
    """Give a picture and text."""
    return [Image(PIXEL), Text("\u00e9\u2028 \U0001f600"), Resource("own://x", text="t")]


async def bug() -> int:
    """Fail."""
    raise KeyError("/root/secret")


async def refuse() -> int:
    """Fail on purpose."""
    raise ToolError("no \u00e9")


class Bitter:
    """Nothing that could be told, nor looked at."""

    def __eq__(self, other: object) -> bool:
        raise KeyError

    __hash__ = None  # pyright: ignore[reportAssignmentType]


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
    "letters": ToolResult(cast("Any", "hello")),
    "nothing": ToolResult(cast("Any", (None,))),
    "mapping": ToolResult(cast("Any", {Text("x"): 1})),
    "bitter": ToolResult(structured={"x": Bitter()}),
}


CALLED = ("add", "say", "loud", "bug", "refuse", "mirror", "question", *RESULTS)
"""The tools whose answers are compared."""

SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "inner-nothing": {},
    "outer-nothing": {"default": None},
    "dialect": {"$schema": "https://json-schema.org/draft/2020-12/schema", "examples": [None]},
}
"""Of tools that are only listed: what the SDK makes of nothing depends on where it is."""


def _giving(result: ToolResult) -> Callable[[Mapping[str, Any]], Awaitable[ToolResult]]:
    async def give(arguments: Mapping[str, Any]) -> ToolResult:
        return result

    return give


def server_of(box: Box, *, fast_lane: bool, stateless: bool = False) -> ToolServer:
    return (
        MCPServerBuilder("tested")
        .with_protocol("tools", box)
        .with_port(0)
        .with_bearer_token(TOKEN, name="all")
        .with_bearer_token(NARROW, name="narrow", scopes=["tool:add", "tool:told", "tool:mirror"])
        .with_limits(page_size=2)
        .with_stateless(stateless)
        .with_fast_lane(fast_lane)
        .build()
    )


@dataclass
class Side:
    """A server, and what was run on it."""

    box: Box
    port: int
    is_legacy: bool = False
    session: str | None = None

    async def answer(self, odd: Odd) -> dict[str, Any]:
        """All that matters of the answer, and the tools it took.

        A legacy client takes one JSON answer as it takes a stream with one message.
        """
        before = self.box.runs.copy()
        answer = await self.raw(odd)
        runs = dict(self.box.runs - before)
        found = {"status": answer.status, **answer.headers, "said": answer.said, "runs": runs}
        if answer.status == 200 and self.is_legacy and not isinstance(answer.said, list):
            found |= {"content-type": STREAM, "said": [answer.said]}
        return found

    async def raw(self, odd: Odd) -> Answer:
        """The answer as it came."""
        named = [] if self.session is None else [(b"mcp-session-id", self.session.encode())]
        given = {name for name, _ in odd.headers}
        headers = [*odd.headers, *(pair for pair in named if pair[0] not in given)]
        return await asked(self.port, replace(odd, headers=headers))


@asynccontextmanager
async def open_sides(
    *, stateless: bool = False, introduction: Mapping[str, Any] | None = None
) -> AsyncGenerator[list[Side]]:
    """The SDK's way, the fast lane, and the lane that hands over every call.

    With an `introduction` each is asked in a session that was opened with it.
    """
    async with AsyncExitStack() as open_servers:
        found: list[Side] = []
        for fast_lane in (False, True, True):
            box = Box()
            configured = server_of(box, fast_lane=fast_lane, stateless=stateless)
            server = await open_servers.enter_async_context(configured)
            session = None if introduction is None else await _session(server, introduction)
            is_legacy = stateless or session is not None
            found.append(Side(box, server.port, is_legacy=is_legacy, session=session))
            if len(found) == 3:
                assert server.lane is not None
                server.lane.is_forced = True
        yield found


async def _session(server: ToolServer, introduction: Mapping[str, Any]) -> str:
    async with http_to(server, TOKEN) as http:
        return (await open_session(http, introduction))["mcp-session-id"]


async def pages_of(result_of: Callable[[Mapping[str, Any]], Awaitable[Any]]) -> list[list[str]]:
    """The names on each page of a list, which is asked for with these parameters."""
    found: list[list[str]] = []
    params: Mapping[str, Any] = {}
    while True:
        result = await result_of(params)
        found.append([tool["name"] for tool in result["tools"]])
        assert found.count(found[-1]) == 1, "the same page again"
        if "nextCursor" not in result:
            return found
        params = {"cursor": result["nextCursor"]}


async def assert_alike(sides: list[Side], odd: Odd) -> dict[str, Any]:
    """All sides answer `odd` as the first, the SDK's, does; gives what."""
    sdk, *lanes = [await side.answer(odd) for side in sides]
    for lane in lanes:
        assert lane == sdk, odd
    return sdk
