"""Thousands of commands: nothing piles up, and floods leave the others alone."""

import os
import time
from pathlib import Path
from statistics import median

import anyio
import pytest
from tests.builtin_tools.bash.shells import BACKENDS, living, place, shell
from tests.builtin_tools.bash.test_broker import brokers

from soak.test_server import TIMES, times
from toolyard import Bash
from toolyard.builtin_tools.bash.isolation import Backend

pytestmark = pytest.mark.timeout(3_600 * max(1, TIMES))
KINDS = ("true", "echo x >&2; exit 3", "setsid sleep 600 &", "seq 100000", "kill -9 $$")


def held(process: int) -> tuple[int, float]:
    """Descriptors, and MiB of memory that is not shared."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return len(os.listdir(f"/proc/{process}/fd")), pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


@pytest.mark.parametrize("backend", BACKENDS)
async def test_nothing_piles_up(backend: Backend) -> None:
    mark = f"soak-{os.getpid()}-{backend}"
    with place() as root:
        async with shell(backend, root, environment={"SOAK": mark}) as bash:
            await _many(bash, 200)
            (broker,) = brokers()
            before = held(os.getpid()), held(broker)
            began = time.monotonic()
            await _many(bash, times(2_000))
            took = time.monotonic() - began
            after = held(os.getpid()), held(broker)
        assert living(mark) == []
    print(f"\n{backend}: {times(2_000)} commands in {took:.0f} s, held {before} and then {after}")
    for (few, memory), (many, more) in zip(before, after, strict=True):
        assert many <= few
        assert more - memory < 8


async def _many(bash: Bash, count: int) -> None:
    async def some(numbers: range) -> None:
        for number in numbers:
            await bash.run(KINDS[number % len(KINDS)], timeout_s=30)

    async with anyio.create_task_group() as tasks:
        for worker in range(8):
            tasks.start_soon(some, range(worker, count, 8))


@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_hundred_at_once_of_which_fifty_are_floods(backend: Backend) -> None:
    """T2, and S7 for the event loop: every cap holds, and the loop is never held up for long."""
    stalls: list[float] = []
    took: list[float] = []

    async def watch() -> None:
        while True:
            began = time.monotonic()
            await anyio.sleep(0.005)
            stalls.append(time.monotonic() - began - 0.005)

    async def run(bash: Bash, command: str) -> None:
        result = await bash.run(command, timeout_s=60)
        assert (result.ended_by == "output") == (command == "yes")
        assert len(result.stdout) < 101_000
        if command != "yes":
            took.append(result.duration_ms)

    with place() as root:
        async with shell(backend, root, max_commands=100) as bash:
            for _ in range(10):
                await run(bash, "sleep 0.2; echo done")
            alone = median(took)
            took.clear()
            async with anyio.create_task_group() as watching:
                watching.start_soon(watch)
                async with anyio.create_task_group() as tasks:
                    for number in range(100):
                        tasks.start_soon(run, bash, "yes" if number % 2 else "sleep 0.2; echo done")
                watching.cancel_scope.cancel()
    print(
        f"\n{backend}: alone {alone:.0f} ms, among floods {median(took):.0f} ms (median), "
        f"longest stall of the loop {max(stalls) * 1000:.0f} ms"
    )
