"""On a pipe the fast lane says whatever the SDK would say, in both eras, and runs no tool twice."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.servers.harness import META
from tests.servers.lane.odd_requests import (
    BYTE_CHANGES,
    CURSORS,
    INFO,
    MESSAGE_CHANGES,
    META_CHANGES,
    PLAIN,
    Odd,
)
from tests.servers.lane.pipes import Host, Way, settled
from tests.servers.lane.sides import CALLED, Box, pages_of


def _deep(levels: int) -> Callable[[Odd], Odd]:
    nested = b"[" * levels + b"]" * levels
    return lambda odd: replace(odd, raw=odd.body.replace(b'"a":1', b'"a":%b' % nested))


CHANGES = [*MESSAGE_CHANGES, *META_CHANGES, *BYTE_CHANGES, *map(_deep, (100, 300, 30_000))]
WAYS: tuple[Way, ...] = ("sdk", "lane", "forced")


def plain(method: str, params: Mapping[str, Any], *, modern: bool) -> Odd:
    """A request in which nothing is odd."""
    meta = {**META, INFO: {"name": "tester", "version": "1"}} if modern else {}
    whole = {**params, "_meta": {**meta, "progressToken": "p"}}
    return Odd({"jsonrpc": "2.0", "id": 7, "method": method, "params": whole}, [])


@dataclass
class Side:
    """A server on a pipe, and what was run on it."""

    box: Box
    host: Host

    async def answer(self, odd: Odd, *, modern: bool) -> dict[str, Any]:
        """All that came back, in order, and the tools it took."""
        before = self.box.runs.copy()
        await self.host.say(odd.body)
        await self.host.quiet(modern)
        said = [_known(one) for one in self.host.heard if not _is_own(one)]
        self.host.heard.clear()
        return {"said": said, "runs": dict(self.box.runs - before)}


def _is_own(message: Any) -> bool:
    return str(message.get("id")).startswith("own ")


def _known(message: Any) -> Any:
    """The message without what is another text each time: sealed state, numbers of questions."""
    if "method" in message:
        message.pop("id", None)
    with suppress(KeyError, TypeError):
        message["result"]["requestState"] = "sealed" if message["result"]["requestState"] else ""
    return message


@pytest.fixture(scope="module")
async def sides() -> AsyncGenerator[dict[bool, list[Side]]]:
    """For each era: the SDK's way, the fast lane, and the lane that hands over every call."""
    async with AsyncExitStack() as stack:
        found: dict[bool, list[Side]] = {True: [], False: []}
        for modern, known in found.items():
            for way in WAYS:
                box = Box()
                host = await stack.enter_async_context(settled(box, way, modern=modern))
                known.append(Side(box, host))
        yield found


async def assert_alike(sides: dict[bool, list[Side]], odd: Odd, *, modern: bool) -> Any:
    sdk, *lanes = [await side.answer(odd, modern=modern) for side in sides[modern]]
    for lane in lanes:
        assert json.dumps(lane, sort_keys=True) == json.dumps(sdk, sort_keys=True), odd
    return sdk


BOTH = pytest.mark.parametrize("modern", [True, False], ids=["modern", "legacy"])


@BOTH
@pytest.mark.parametrize("kind", range(len(PLAIN)))
async def test_one_change_makes_no_difference(
    sides: dict[bool, list[Side]], kind: int, modern: bool
) -> None:
    method, params = PLAIN[kind]
    for change in CHANGES:
        await assert_alike(sides, change(plain(method, params, modern=modern)), modern=modern)


@BOTH
@given(st.sampled_from(PLAIN), st.lists(st.sampled_from(CHANGES), min_size=2, max_size=3))
@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_several_changes_make_no_difference(
    sides: dict[bool, list[Side]],
    modern: bool,
    asked: tuple[str, Mapping[str, Any]],
    changes: list[Callable[[Odd], Odd]],
) -> None:
    odd = plain(*asked, modern=modern)
    for change in changes:
        odd = change(odd)
    await assert_alike(sides, odd, modern=modern)


@BOTH
@pytest.mark.parametrize("name", CALLED)
async def test_what_tools_give_makes_no_difference(
    sides: dict[bool, list[Side]], name: str, modern: bool
) -> None:
    arguments = {"a": 1} if name == "add" else {"v": "\u00e9"} if name == "say" else {}
    odd = plain("tools/call", {"name": name, "arguments": arguments}, modern=modern)
    await assert_alike(sides, odd, modern=modern)


@BOTH
async def test_which_page_is_asked_for_makes_no_difference(
    sides: dict[bool, list[Side]], modern: bool
) -> None:
    async def result(params: Mapping[str, Any]) -> Any:
        odd = plain("tools/list", params, modern=modern)
        return (await assert_alike(sides, odd, modern=modern))["said"][0]["result"]

    assert len(await pages_of(result)) == 14
    for cursor in CURSORS:
        odd = plain("tools/list", {"cursor": cursor}, modern=modern)
        await assert_alike(sides, odd, modern=modern)
