"""For the handshake revisions too the fast lane answers as the SDK's app does, but in JSON."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.servers.harness import INITIALIZE, TOKEN
from tests.servers.lane.odd_requests import (
    CHANGES,
    CURSORS,
    PLAIN,
    REVISIONS,
    Odd,
    by,
    odd_requests,
    plain_legacy,
)
from tests.servers.lane.sides import CALLED, NARROW, Side, assert_alike, open_sides, pages_of


@pytest.fixture(scope="module", params=["stateless", "in a session"])
async def sides(request: pytest.FixtureRequest) -> AsyncGenerator[list[Side]]:
    stateless = request.param == "stateless"
    introduction = None if stateless else INITIALIZE
    async with open_sides(stateless=stateless, introduction=introduction) as found:
        yield found


@pytest.mark.parametrize(("number", "change"), list(enumerate(CHANGES)))
async def test_one_change_makes_no_difference(
    sides: list[Side], number: int, change: Callable[[Odd], Odd]
) -> None:
    """Each with the first two requests, and with the others and the revisions in turn."""
    others = PLAIN[2:]
    chosen = [*PLAIN[:2], others[number % len(others)]]
    for place, (method, params) in enumerate(chosen):
        revision = REVISIONS[(number + place) % len(REVISIONS)]
        await assert_alike(sides, change(plain_legacy(method, params, revision)))


@given(odd_requests(legacy=True))
@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_several_changes_make_no_difference(sides: list[Side], odd: Odd) -> None:
    await assert_alike(sides, odd)


@pytest.mark.parametrize("name", CALLED)
@pytest.mark.parametrize("revision", REVISIONS)
async def test_what_tools_give_makes_no_difference(
    sides: list[Side], name: str, revision: str | None
) -> None:
    for token in (TOKEN, NARROW):
        odd = plain_legacy("tools/call", {"name": name, "arguments": {"v": "\u00e9"}}, revision)
        await assert_alike(sides, by(token, odd))


async def test_which_page_is_asked_for_makes_no_difference(sides: list[Side]) -> None:
    async def result(params: Mapping[str, Any]) -> Any:
        found = await assert_alike(sides, plain_legacy("tools/list", params, None))
        return found["said"][0]["result"]

    assert len(await pages_of(result)) == 14
    for token in (TOKEN, NARROW):
        for cursor in CURSORS:
            odd = plain_legacy("tools/list", {"cursor": cursor}, None)
            await assert_alike(sides, by(token, odd))


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize(("method", "params"), [PLAIN[0], *PLAIN[-2:]])
async def test_a_plain_request_is_answered_by_the_lane_alone(
    sides: list[Side], method: str, params: dict[str, object], revision: str | None
) -> None:
    """Or else nothing here would be compared."""
    odd = plain_legacy(method, params, revision)
    kinds = [(await side.raw(odd)).headers["content-type"] for side in sides]
    assert kinds[:2] == ["text/event-stream", "application/json"]
