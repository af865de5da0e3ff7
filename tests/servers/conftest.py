"""What the server tests share: one event loop for each module, so that it can share a server."""

import pytest


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"
