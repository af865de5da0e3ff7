"""What every test shares."""

import gc
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings
from tests.support.watch import judged, watching

# How long an example takes says how busy the machine is.
settings.register_profile(
    "busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy machine")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def pytest_collection_finish() -> None:
    """Spare every collection of garbage the walk over ten thousand tests, which are none."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def watched(pytestconfig: pytest.Config) -> Generator[None]:
    with watching(pytestconfig):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail the test that let out a token, or showed a caller a traceback or a path."""
    return judged((yield))
