"""A call does not look at tools that it does not mean, however many there are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Never, Self

from toolyard import CallContext, Tool, ToolCall, ToolRegistry, ToolResult
from toolyard.registry.table import Route

OURS = CallContext()


class Crowd:
    """A source of 10,000 tools that counts how often it is asked for them."""

    def __init__(self) -> None:
        self.listed = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        self.listed += 1
        return [Tool(f"tool_{number}", "Do it.", {"type": "object"}) for number in range(10_000)]

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        return ToolResult.of({"called": call.name})


class Doors(Mapping[str, Route]):
    """Routes that count which are opened; nobody may walk past them all."""

    def __init__(self, routes: Mapping[str, Route]) -> None:
        self._routes = routes
        self.opened: list[str] = []

    def __getitem__(self, name: str) -> Route:
        self.opened.append(name)
        return self._routes[name]

    def __iter__(self) -> Iterator[Never]:
        raise AssertionError("a call walked past every route")

    def __len__(self) -> Never:
        raise AssertionError("a call counted the routes")


class Unread(tuple[Tool, ...]):
    """All tools, of which a call needs none."""

    def __iter__(self) -> Never:
        raise AssertionError("a call walked past every tool")


async def test_a_call_among_ten_thousand_tools_lists_nothing_and_looks_at_one_route() -> None:
    crowd = Crowd()
    registry = ToolRegistry()
    registry.expect("crowd", crowd, prefix="in")
    async with registry:
        listed = crowd.listed
        doors = Doors(registry._offer.table.routes)
        registry._offer.table = replace(registry._offer.table, routes=doors, tools=Unread())
        called = await registry.call_tool(ToolCall("in_tool_9999"), OURS)

    assert called.structured == {"called": "tool_9999"}
    assert doors.opened == ["in_tool_9999"]
    assert crowd.listed == listed == 1
