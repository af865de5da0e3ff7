"""A walk from page to page is answered from kept bytes, which are few and never of another list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx2
import pytest
from mcp_types import INVALID_PARAMS
from tests.servers.harness import ACCEPT, ask, builder, http_to, legacy, messages
from tests.servers.lane.odd_requests import CURSORS, cursor_after
from tests.servers.lane.sides import pages_of

from toolyard import Caller, Tool, Toolbox, ToolRegistry
from toolyard.core.context import EVERYTHING
from toolyard.servers.lane.envelope import LEGACY
from toolyard.servers.lane.listing import MOST_KEPT, Listing
from toolyard.servers.tool_server import ToolServer

ALL = Caller("all", frozenset({EVERYTHING}))
NAMES = [["a", "b"], ["c", "d"], ["e"]]
Result = Callable[[Mapping[str, Any]], Awaitable[Any]]
Asking = Callable[[httpx2.AsyncClient], Result]


def box_of(names: str, description: str = "Do nothing.") -> Toolbox:
    async def run() -> None:
        pass

    box = Toolbox()
    for name in names:
        box.add(run, name=name, description=description)
    return box


def modern(http: httpx2.AsyncClient) -> Result:
    async def result(params: Mapping[str, Any]) -> Any:
        return said_in(await ask(http, "tools/list", params))

    return result


def without_session(http: httpx2.AsyncClient) -> Result:
    async def result(params: Mapping[str, Any]) -> Any:
        body = legacy("tools/list", params)
        return said_in(await http.post("/mcp", content=body, headers=ACCEPT))

    return result


def said_in(answer: httpx2.Response) -> Any:
    """The result, or the error."""
    (message,) = messages(answer)
    return message.get("result", message.get("error"))


def server_of(box: Toolbox) -> ToolServer:
    return builder(box).with_limits(page_size=2).with_stateless().build()


WAYS = pytest.mark.parametrize("asking", [modern, without_session])


@WAYS
async def test_a_walk_is_answered_by_the_lane_alone(asking: Asking) -> None:
    async with server_of(box_of("abcde")) as server, http_to(server) as http:
        for _ in range(2):
            assert await pages_of(asking(http)) == NAMES
        assert server.long_way.side is None


@WAYS
async def test_a_swap_between_two_pages_is_seen_on_the_later_one(asking: Asking) -> None:
    async with server_of(box_of("abcde")) as server, http_to(server) as http:
        result = asking(http)
        assert await pages_of(result) == NAMES
        following = {"cursor": (await result({}))["nextCursor"]}
        await server.registry.swap("tools", box_of("abdf", "Do more."))
        listed = await result(following)
        assert [tool["name"] for tool in listed["tools"]] == ["d", "f"]
        assert {tool["description"] for tool in listed["tools"]} == {"Do more."}
        assert "nextCursor" not in listed
        assert server.long_way.side is None


@WAYS
async def test_a_walk_goes_on_after_a_swap_if_it_can(asking: Asking) -> None:
    """It is then the SDK's, as no page of the new list begins there."""
    async with server_of(box_of("abcde")) as server, http_to(server) as http:
        result = asking(http)
        following = {"cursor": (await result({}))["nextCursor"]}
        await server.registry.swap("tools", box_of("bcde"))
        assert [tool["name"] for tool in (await result(following))["tools"]] == ["c", "d"]
        await server.registry.swap("tools", box_of("cde"))
        assert (await result(following))["code"] == INVALID_PARAMS


async def test_what_is_kept_is_bounded_whoever_asks_for_what() -> None:
    async with ToolRegistry(box_of("abcde")) as registry:
        listing = Listing(registry, LEGACY, 2, {})
        for number in range(MOST_KEPT + 10):
            caller = Caller("one", frozenset({f"of-{number}", "tool:*"}))
            for cursor in (None, cursor_after("b"), cursor_after("d")):
                assert listing.page(caller, cursor) is not None
            assert len(listing._pages) <= MOST_KEPT
            assert len(listing._parts) <= MOST_KEPT


async def test_a_cursor_that_leads_nowhere_is_the_sdks_and_leaves_nothing() -> None:
    async with ToolRegistry(box_of("abcde")) as registry:
        listing = Listing(registry, LEGACY, 2, {})
        assert listing.page(ALL, None)
        texts = [each for each in CURSORS if isinstance(each, str)]
        for cursor in (*texts, cursor_after("a"), cursor_after("e")):
            assert listing.page(ALL, cursor) is None
        assert len(listing._pages) == 1


async def test_a_tool_is_written_once_for_all_who_see_it() -> None:
    written: list[str] = []

    class Counting(Listing):
        def _written(self, tool: Tool) -> str:
            written.append(tool.name)
            return super()._written(tool)

    async with ToolRegistry(box_of("abcde")) as registry:
        listing = Counting(registry, LEGACY, 2, {})
        one = Caller("one", frozenset({"tool:*"}))
        for caller in (ALL, one, ALL):
            for cursor in (None, cursor_after("b"), cursor_after("d")):
                assert listing.page(caller, cursor)
    assert written == ["a", "b", "c", "d", "e"]
