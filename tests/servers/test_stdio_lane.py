"""Whether plain calls over standard input and output go past the SDK."""

import json
import os
from contextlib import nullcontext
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import pytest
from tests.servers.ends import opened, sockets
from tests.servers.harness import META

from toolyard import MCPServerBuilder, Toolbox
from toolyard.servers import stdio
from toolyard.servers.lane.pipe_lane import PipeLane


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@pytest.mark.parametrize(("is_open", "taken"), [(True, [False, True, True]), (False, [])])
async def test_only_an_open_fast_lane_takes_lines(
    is_open: bool, taken: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    take, found = PipeLane.take, list[bool]()

    def noted(lane: PipeLane, text: bytes) -> bool:
        found.append(take(lane, text))
        return found[-1]

    monkeypatch.setattr(PipeLane, "take", noted)
    tools = Toolbox()
    tools.add(add)
    server = MCPServerBuilder("small").with_protocol("tools", tools).with_fast_lane(is_open).build()

    with opened(sockets) as (ours, theirs), anyio.fail_after(20):
        monkeypatch.setattr(stdio, "private_streams", lambda: nullcontext((theirs, theirs)))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve_stdio)
            for number in range(3):  # the first one settles the era, which the SDK does
                os.write(ours, call(number))
                answer = await anyio.to_thread.run_sync(partial(line_of, ours))
                assert answer["id"] == number
                assert answer["result"]["structuredContent"] == {"result": number + 1}
            tasks.cancel_scope.cancel()
    assert found == taken


def call(number: int) -> bytes:
    params = {"name": "add", "arguments": {"a": number, "b": 1}, "_meta": META}
    asked = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
    return json.dumps(asked).encode() + b"\n"


def line_of(descriptor: int) -> Any:
    heard = b""
    while not heard.endswith(b"\n"):
        heard += os.read(descriptor, 1 << 16)
    return json.loads(heard)
