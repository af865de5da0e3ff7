"""Calls on a pipe that last, ask, break off or meet others: the same past the SDK as through it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import anyio
import mcp_types as types
import pytest
from tests.servers.harness import META
from tests.servers.lane.pipes import ASKING, Host, Way, piped, settled
from tests.servers.lane.sides import pages_of

from toolyard import CallContext, Toolbox
from toolyard.core.inputs import elicit
from toolyard.servers.stdio import LAST_WORDS_S

WAYS = pytest.mark.parametrize("way", ["sdk", "lane", "forced"])
ERAS = pytest.mark.parametrize("modern", [True, False], ids=["modern", "legacy"])


class Slow(Toolbox):
    """Tools that wait to be let go, and what became of them."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[int] = []
        self.ended: list[str] = []
        self.go = anyio.Event()
        self.last: CallContext | None = None
        for tool in (self.wait, self.name, self.note, self.grow, self.stay):
            self.tool(tool)

    async def wait(self, number: int) -> int:
        """Wait to be let go."""
        self.begun.append(number)
        try:
            await self.go.wait()
        except BaseException:
            self.ended.append(f"cancelled {number}")
            raise
        self.ended.append(f"done {number}")
        return number

    async def name(self, context: CallContext) -> str:
        """Ask who it is."""
        self.begun.append(0)
        schema = {"type": "object", "properties": {"name": {"type": "string"}}}
        await context.progress(1)
        answer = await context.ask("who", elicit("Who?", schema))
        await context.progress(2)
        return str(answer["action"])

    async def note(self, context: CallContext) -> None:
        """Write log entries."""
        self.last = context
        await context.log("info", "little")
        await context.log("error", "much")

    async def stay(self) -> str:
        """Heed no cancellation."""
        self.begun.append(0)
        with suppress(BaseException):
            await self.go.wait()
        self.ended.append("stayed")
        return "stayed"

    async def grow(self) -> None:
        """Offer one more tool."""
        self.tool(_more)


async def _more() -> None:
    """Do nothing."""


def meta(modern: bool, **more: Any) -> dict[str, Any]:
    return {"_meta": {**(META if modern else {}), **more}}


def waiting(number: int, modern: bool) -> dict[str, Any]:
    return {"name": "wait", "arguments": {"number": number}, **meta(modern)}


def result_of(answer: Any) -> Any:
    return answer["result"]["structuredContent"]["result"]


async def begin(host: Host, box: Slow, numbers: list[int], modern: bool) -> None:
    """Calls of these numbers that have begun."""
    for number in numbers:
        await host.send("tools/call", waiting(number, modern), id=number)
    await host.until(lambda: box.begun == numbers)


async def cancel(host: Host, box: Slow, number: int | str, end: str) -> None:
    """Cancel a request, whose call is then the first to end, and in that way."""
    await host.send("notifications/cancelled", {"requestId": number})
    await host.until(lambda: box.ended == [end])


@ERAS
async def test_plain_calls_and_lists_go_past_the_sdk(modern: bool) -> None:
    box = Slow()
    box.go.set()
    async with settled(box, "lane", modern=modern) as host:

        async def refuse(context: Any, params: Any) -> dict[str, Any]:
            raise AssertionError("the SDK was asked")

        sdk = host.face.sdk
        sdk.add_request_handler("tools/call", types.CallToolRequestParams, refuse)
        sdk.add_request_handler("tools/list", types.PaginatedRequestParams, refuse)
        assert result_of(await host.ask("tools/call", waiting(3, modern))) == 3

        async def result(params: Mapping[str, Any]) -> Any:
            return (await host.ask("tools/list", {**params, **meta(modern)}))["result"]

        assert [len(page) for page in await pages_of(result)] == [2, 2, 1]
        noted = await host.ask("tools/call", {"name": "note", **meta(modern)})
        assert not noted["result"]["isError"]


@WAYS
@ERAS
async def test_calls_run_at_the_same_time(way: Way, modern: bool) -> None:
    box = Slow()
    async with settled(box, way, modern=modern) as host:
        await begin(host, box, [1, 2, 3], modern)
        box.go.set()
        await host.quiet(modern)
        assert sorted(result_of(host.answer(number)) for number in (1, 2, 3)) == [1, 2, 3]


@WAYS
@ERAS
async def test_a_cancelled_call_ends_unanswered_and_no_other(way: Way, modern: bool) -> None:
    box = Slow()
    async with settled(box, way, modern=modern) as host:
        await begin(host, box, [1, 2], modern)
        await cancel(host, box, "2", "cancelled 2")
        box.go.set()
        await host.quiet(modern)
        assert (result_of(host.answer(1)), host.answer(2)) == (1, None)


@WAYS
@ERAS
async def test_a_cancelled_call_that_goes_on_is_not_answered(way: Way, modern: bool) -> None:
    box = Slow()
    async with settled(box, way, modern=modern) as host:
        await host.send("tools/call", {"name": "stay", **meta(modern)}, id=1)
        await host.until(lambda: box.begun == [0])
        await cancel(host, box, 1, "stayed")
        await host.quiet(modern)
        assert host.answer(1) is None


@WAYS
@ERAS
async def test_nothing_is_told_of_a_call_that_is_over(way: Way, modern: bool) -> None:
    box = Slow()
    async with settled(box, way, modern=modern) as host:
        await host.ask("tools/call", {"name": "note", **meta(modern, progressToken=5)})
        host.heard.clear()
        assert box.last is not None
        await box.last.progress(1)
        await host.quiet(modern)
        assert not [one for one in host.heard if "method" in one]


@WAYS
@ERAS
@pytest.mark.parametrize("odd", [{}, {"extra": 1}])
async def test_of_two_with_one_number_the_later_is_cancelled(
    way: Way, modern: bool, odd: dict[str, Any]
) -> None:
    """Even if what is odd about the first leaves it to the SDK."""
    box = Slow()
    async with settled(box, way, modern=modern) as host:
        await host.send("tools/call", {**waiting(1, modern), **odd}, id=7)
        await host.until(lambda: box.begun == [1])
        await host.send("tools/call", waiting(2, modern), id=7)
        await host.until(lambda: box.begun == [1, 2])
        await cancel(host, box, 7, "cancelled 2")
        box.go.set()
        await host.quiet(modern)
        assert [result_of(one) for one in host.heard if one.get("id") == 7] == [1]


@WAYS
@ERAS
async def test_the_end_of_input_ends_calls_and_says_so(way: Way, modern: bool) -> None:
    box = Slow()
    async with settled(box, way, modern=modern) as host:
        await begin(host, box, [1, 2], modern)
    assert sorted(box.ended) == ["cancelled 1", "cancelled 2"]
    await host.until(lambda: host.answer(1) is not None and host.answer(2) is not None)
    assert {host.answer(number)["error"]["code"] for number in (1, 2)} == {types.CONNECTION_CLOSED}


@WAYS
@ERAS
async def test_told_to_stop_it_answers_what_is_under_way_first(way: Way, modern: bool) -> None:
    box = Slow()
    async with settled(box, way, modern=modern) as host:
        await begin(host, box, [1], modern)
        await host.ask("tools/list", meta(modern))
        host.stopped.set()
        await anyio.wait_all_tasks_blocked()
        assert not host.is_over
        box.go.set()
        stopped = anyio.current_time()
        await host.until(lambda: host.is_over)
        assert anyio.current_time() - stopped < LAST_WORDS_S / 2
        await host.until(lambda: host.answer(1) is not None)
        assert result_of(host.answer(1)) == 1


@WAYS
async def test_a_client_is_asked_once_and_told_how_far_it_is(way: Way) -> None:
    box = Slow()
    async with settled(box, way, modern=False) as host:
        params = {"name": "name", **meta(False, progressToken=5)}
        assert result_of(await host.ask("tools/call", params)) == "decline"
        said = [one.get("method", "answer") for one in host.heard]
        progress = "notifications/progress"
        assert said == [progress, "elicitation/create", progress, "answer"]
        assert [one["params"].get("progressToken") for one in host.heard[:3]] == [5, None, 5]
        assert box.begun == [0]


@WAYS
async def test_a_question_is_cancelled_with_its_call(way: Way) -> None:
    box = Slow()
    async with settled(box, way, modern=False) as host:
        host.declines = False
        await host.send("tools/call", {"name": "name"}, id=1)
        await host.until(lambda: bool(host.heard))
        await host.send("notifications/cancelled", {"requestId": 1})
        await host.quiet(modern=False)
        asked, cancelled = (one for one in host.heard if "method" in one)
        assert (asked["method"], cancelled["method"]) == (
            "elicitation/create",
            "notifications/cancelled",
        )
        assert (cancelled["params"]["requestId"], host.answer(1)) == (asked["id"], None)


@WAYS
async def test_before_the_handshake_calls_are_refused(way: Way) -> None:
    box = Slow()
    async with piped(box, way) as host:
        refused = await host.ask("tools/call", waiting(1, modern=False))
        assert refused["error"]["code"] == types.INVALID_PARAMS
        await host.settle(modern=False)
        box.go.set()
        assert result_of(await host.ask("tools/call", waiting(2, modern=False))) == 2
    assert box.begun == [2]


@WAYS
async def test_what_is_sent_right_behind_a_change_comes_after_it(way: Way) -> None:
    """In one go: the end of the handshake, a level, and calls that need each."""
    box = Slow()
    async with piped(box, way) as host:
        await host.ask("initialize", ASKING)
        await host.send("notifications/initialized")
        await host.send("tools/call", {"name": "grow"}, id=2)
        await host.send("logging/setLevel", {"level": "error"}, id=3)
        await host.send("tools/call", {"name": "note"}, id=4)
        changed = "notifications/tools/list_changed"
        await host.until(lambda: any(one.get("method") == changed for one in host.heard))
        await host.quiet(modern=False)
        assert await host.ask("tools/call", {"name": "note"})
        entries = [one for one in host.heard if one.get("method") == "notifications/message"]
        assert [entry["params"]["data"] for entry in entries] == ["much", "much"]


@WAYS
async def test_an_entry_is_written_where_a_modern_request_asks_for_it(way: Way) -> None:
    async with settled(Slow(), way, modern=True) as host:
        level = {"io.modelcontextprotocol/logLevel": "error"}
        await host.ask("tools/call", {"name": "note", **meta(True, **level)})
        assert [one["params"]["data"] for one in host.heard if "method" in one] == ["much"]
        host.heard.clear()
        await host.ask("tools/call", {"name": "note", **meta(True)})
        assert not [one for one in host.heard if "method" in one]


@WAYS
async def test_a_host_that_does_not_read_is_still_heard(way: Way) -> None:
    """Answers wait in their own tasks; a cancellation behind them is not held up."""
    box = Slow()
    async with settled(box, way, modern=True) as host:
        await begin(host, box, [1], modern=True)
        with host.deaf():
            for number in range(2, 600):
                await host.send("tools/list", meta(True), id=number)
            await cancel(host, box, 1, "cancelled 1")
        await host.until(lambda: all(host.answer(number) for number in range(2, 600)))
