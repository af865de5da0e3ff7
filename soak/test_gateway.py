"""A gateway whose upstream is swapped for long under load: over HTTP, with real processes."""

import json
import time
from collections import Counter
from pathlib import Path
from statistics import median

import anyio
import pytest
from tests.support.process import free_port, running
from tests.support.serving import COMMAND

from soak.test_server import TIMES, Soaked, times
from toolyard import CallContext, MCPClient, ToolCall

pytestmark = pytest.mark.timeout(3_600 * max(1, TIMES))
OURS = CallContext()
ADMIN = "admin-" + "a" * 40
CALLERS = 16
FILE = '''
import os

from toolyard import tool


@tool
def version() -> int:
    """Tell the version."""
    return int(os.environ["VERSION"])
'''


def table(directory: Path, version: int) -> dict[str, object]:
    """An upstream server that is a process of its own."""
    command = [COMMAND, "serve", str(directory / "versioned.py"), "--stdio"]
    return {"command": command, "env": {"VERSION": str(version)}}


def children(pid: int) -> int:
    """How many processes the process `pid` has started that are still there."""
    found = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            found += int(status.read_text().rpartition(")")[2].split()[1]) == pid
        except OSError:
            continue
    return found


async def test_a_hundred_swaps_of_processes_under_sixteen_callers(tmp_path: Path) -> None:
    """R1, over the network: no call fails, each is answered by a version that was published."""
    (tmp_path / "versioned.py").write_text(FILE)
    swaps, calls, port = times(100), times(100_000), free_port()
    tokens = json.dumps([{"secret": ADMIN, "scopes": ["*", "admin"]}])
    words = ["serve", "--control", "--port", str(port), "--quiet"]
    environment = {"TOOLYARD_TOKENS": tokens}
    with running([COMMAND, *words], directory=tmp_path, environment=environment) as process:
        process.answers(f"http://127.0.0.1:{port}/readyz")
        gateway = Soaked(port, process._process.pid)
        url = f"http://127.0.0.1:{port}/mcp"
        answered: Counter[int] = Counter()
        published = [0]
        serving_s: list[float] = []
        is_over = anyio.Event()

        async def call() -> None:
            async with MCPClient(url, token=ADMIN) as client:
                while not is_over.is_set() or answered.total() < calls:
                    oldest = published[-1]
                    result = await client.call_tool(ToolCall("version"), OURS)
                    assert not result.is_error, result.text
                    assert oldest <= result.structured["result"] <= published[-1] + 1
                    answered[result.structured["result"]] += 1

        async with MCPClient(url, token=ADMIN) as admin:

            async def control(command: str, number: int) -> None:
                arguments = {"name": "versioned", "table": table(tmp_path, number)}
                result = await admin.call_tool(ToolCall(f"yard_{command}", arguments), OURS)
                assert not result.is_error, result.text

            await control("add", 0)
            before = (gateway.rss, gateway.descriptors, children(gateway.pid))
            async with anyio.create_task_group() as tasks:
                for _ in range(CALLERS):
                    tasks.start_soon(call)
                for number in range(1, swaps + 1):
                    await control("swap", number)
                    began = time.perf_counter()
                    published.append(number)
                    now = await admin.call_tool(ToolCall("version"), OURS)
                    assert now.structured == {"result": number}
                    serving_s.append(time.perf_counter() - began)
                is_over.set()
            with anyio.fail_after(30):
                while children(gateway.pid) > before[2]:  # noqa: ASYNC110 - nothing tells
                    await anyio.sleep(0.1)
        after = (gateway.rss, gateway.descriptors, children(gateway.pid))
    print(
        f"\n{swaps} swaps of processes in {answered.total()} calls, {len(answered)} versions "
        f"answered; new one asked and answered in {median(serving_s) * 1000:.0f} ms (median), "
        f"{max(serving_s) * 1000:.0f} ms at most; {(after[0] - before[0]) / 2**20:+.1f} MiB, "
        f"descriptors {before[1]} to {after[1]}, children {before[2]} to {after[2]}"
    )
    assert max(serving_s) < 1
    assert after[2] == before[2]
    assert after[0] - before[0] < 32 * 2**20
