"""A registry that cuts, and the clock of its shelf."""

from collections.abc import AsyncGenerator

import pytest
from tests.registry.policies.large import cutting

from toolyard import ToolRegistry


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
async def source(clock: list[float]) -> AsyncGenerator[ToolRegistry]:
    async with cutting(clock) as registry:
        yield registry
