"""Sources that are swapped for long under load: no call fails, nothing is left behind."""

import gc
import resource
import time
from collections import Counter
from statistics import median

import anyio
import pytest
from tests.registry.sources import Versioned

from soak.test_server import TIMES, times
from toolyard import CallContext, ToolCall, ToolRegistry

pytestmark = pytest.mark.timeout(3_600 * max(1, TIMES))
OURS = CallContext()


def memory_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def test_a_hundred_swaps_under_sixteen_callers() -> None:
    """R1: each call is answered by exactly one version, and the new one serves at once."""
    swaps, calls = times(100), times(100_000)
    answered: Counter[int] = Counter()
    sources = [Versioned(number, "t") for number in range(swaps + 1)]
    serving_s: list[float] = []
    async with ToolRegistry() as registry:
        await registry.add("m", sources[0])

        async def call(count: int) -> None:
            for _ in range(count):
                result = await registry.call_tool(ToolCall("t"), OURS)
                answered[result.structured["version"]] += 1

        async def swap() -> None:
            for source in sources[1:]:
                await anyio.sleep(0.02)
                began = time.perf_counter()
                await registry.swap("m", source)
                result = await registry.call_tool(ToolCall("t"), OURS)
                assert result.structured["version"] == source.version
                serving_s.append(time.perf_counter() - began)

        await call(1_000)
        gc.collect()
        tasks_before, memory_before = len(anyio.get_running_tasks()), memory_mib()
        async with anyio.create_task_group() as tasks:
            for _ in range(16):
                tasks.start_soon(call, calls // 16)
            tasks.start_soon(swap)
        with anyio.fail_after(10):
            while len(anyio.get_running_tasks()) > tasks_before:  # noqa: ASYNC110 - nothing tells
                await anyio.sleep(0.01)
    assert sum(answered.values()) == calls // 16 * 16 + 1_000
    assert sum(source.served for source in sources) == sum(answered.values()) + swaps
    assert all(source.entered == source.left == 1 for source in sources)
    grown = memory_mib() - memory_before
    print(
        f"\n{swaps} swaps in {sum(answered.values())} calls, {len(answered)} versions answered; "
        f"serving after {median(serving_s) * 1000:.1f} ms (median), {max(serving_s) * 1000:.0f} ms "
        f"at most; {grown:+.1f} MiB"
    )
    assert max(serving_s) < 1
    assert grown < 8
