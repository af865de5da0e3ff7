"""Each source is entered once for all tests of it, which also shows that none of them breaks it."""

from collections.abc import AsyncGenerator

import anyio
import pytest
from tests.contract.sources import COMMON, EVERY, Kind

from toolyard import ToolProtocol


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every source for every test, but for those that need the common tools."""
    if "kind_name" in metafunc.fixturenames:
        kinds = COMMON if "common" in metafunc.fixturenames else EVERY
        metafunc.parametrize("kind_name", kinds, scope="module")


@pytest.fixture(scope="module")
def kind(kind_name: str) -> Kind:
    return EVERY[kind_name]


@pytest.fixture(scope="module")
async def source(kind: Kind) -> AsyncGenerator[ToolProtocol]:
    async with kind.make() as made, made as entered:
        assert entered is made
        yield entered


@pytest.fixture
def common(kind: Kind) -> Kind:
    return kind


@pytest.fixture(autouse=True)
async def _in_time(anyio_backend: str) -> AsyncGenerator[None]:
    with anyio.fail_after(20):
        yield
