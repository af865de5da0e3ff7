"""A service with as many operations as one may have."""

import time

from tests.clients.openapi.test_hostile import many, serving


async def test_ten_thousand_operations_are_read_in_seconds() -> None:
    root = many(10_000)
    began = time.monotonic()
    async with serving(root) as service:
        took = time.monotonic() - began
        assert len(await service.tools()) == 10_000
        assert (await service.asked("put7777", id="1", text="x")).json == {"text": "x"}
    assert took < 30
