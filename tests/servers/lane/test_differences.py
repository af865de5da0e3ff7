"""The fast lane answers whatever is asked as the SDK's app does, and runs no tool twice."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.servers.harness import TOKEN
from tests.servers.lane.odd_requests import CHANGES, CURSORS, PLAIN, Odd, by, odd_requests, plain
from tests.servers.lane.sides import CALLED, NARROW, Side, assert_alike, open_sides, pages_of


@pytest.fixture(scope="module")
async def sides() -> AsyncGenerator[list[Side]]:
    async with open_sides() as found:
        yield found


@pytest.mark.parametrize("change", CHANGES)
async def test_one_change_makes_no_difference(
    sides: list[Side], change: Callable[[Odd], Odd]
) -> None:
    for method, params in PLAIN:
        await assert_alike(sides, change(plain(method, params)))


@given(odd_requests())
@settings(
    max_examples=500,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_several_changes_make_no_difference(sides: list[Side], odd: Odd) -> None:
    await assert_alike(sides, odd)


@pytest.mark.parametrize("name", CALLED)
@pytest.mark.parametrize("token", [TOKEN, NARROW])
async def test_what_tools_give_makes_no_difference(
    sides: list[Side], name: str, token: str
) -> None:
    odd = plain("tools/call", {"name": name, "arguments": {"v": "\u00e9"}})
    await assert_alike(sides, by(token, odd))


@pytest.mark.parametrize(("token", "pages"), [(TOKEN, 14), (NARROW, 2)])
async def test_which_page_is_asked_for_makes_no_difference(
    sides: list[Side], token: str, pages: int
) -> None:
    async def result(params: Mapping[str, Any]) -> Any:
        return (await assert_alike(sides, by(token, plain("tools/list", params))))["said"]["result"]

    assert len(await pages_of(result)) == pages
    for cursor in CURSORS:
        await assert_alike(sides, by(token, plain("tools/list", {"cursor": cursor})))


async def test_a_plain_call_is_answered_by_the_lane_alone(sides: list[Side]) -> None:
    """Or else nothing here would be compared."""
    method, params = PLAIN[0]
    answers = [await side.answer(plain(method, params)) for side in sides[:2]]
    assert answers[0] == answers[1]
    assert answers[1]["said"]["result"]["structuredContent"] == {"result": 3}
