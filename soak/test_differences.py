"""Thousands of odd requests of every revision, each to the SDK, the fast lane, and both in turn.

`SOAK=0.1 make soak` sends a tenth of them.
"""

from collections.abc import AsyncGenerator

import pytest
from hypothesis import HealthCheck, given, settings
from tests.servers.harness import INITIALIZE
from tests.servers.lane.odd_requests import Odd, odd_requests
from tests.servers.lane.sides import Side, assert_alike, open_sides

from soak.test_server import times

pytestmark = pytest.mark.timeout(1800)
WAYS = {
    "2026-07-28": open_sides,
    "without sessions": lambda: open_sides(stateless=True),
    "in a session": lambda: open_sides(introduction=INITIALIZE),
}


@pytest.fixture(scope="module", params=list(WAYS))
async def sides(request: pytest.FixtureRequest) -> AsyncGenerator[list[Side]]:
    async with WAYS[request.param]() as found:
        yield found


@given(odd_requests() | odd_requests(legacy=True))
@settings(
    max_examples=times(5_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_no_request_tells_the_ways_apart(sides: list[Side], odd: Odd) -> None:
    await assert_alike(sides, odd)
