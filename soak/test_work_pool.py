"""Many worker processes on one pool of work items for long, killed at random."""

import time
from pathlib import Path

import anyio
import pytest
from rich.progress import Progress
from tests.orchestration.work.workers import Workers
from tests.support.redis import redis

from soak.test_server import TIMES, times

pytestmark = pytest.mark.timeout(3_600 * max(1, TIMES))

SIZE = 64


async def test_sixty_four_killed_workers_complete_each_item_once(tmp_path: Path) -> None:
    """C1: 64 processes, 10,000 items, some after others, a kill a second."""
    audits, directory = tmp_path / "audits", tmp_path / "redis"
    audits.mkdir()
    directory.mkdir()
    with redis(directory) as server:
        workers = Workers(server.url, times(10_000), audits, seed=8)
        began = time.monotonic()
        await workers.fill()
        filled = time.monotonic()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(show, workers)
            await anyio.to_thread.run_sync(work, workers)
        ended = time.monotonic()
        await workers.assert_each_was_completed_once()
    print(f"\n{workers.tasks} items, each completed once; {SIZE} workers, ", end="")
    print(f"{workers.kills} killed; filled in {filled - began:.0f} s, done in ", end="")
    print(f"{ended - filled:.0f} s, {workers.tasks / (ended - filled):.0f} items/s")
    assert workers.kills > 5


def work(workers: Workers) -> None:
    workers.run(SIZE, kills=times(100), timeout_s=1_800 * max(1, TIMES), pause_s=(0.3, 1.0))


async def show(workers: Workers) -> None:
    """How far they are, until everything is done."""
    with Progress() as progress:
        line = progress.add_task("completed", total=workers.tasks)
        async for status in workers.watched():
            at_work = f"completed, {len(status.working)} at work, {workers.kills} killed"
            progress.update(line, completed=status.completed, description=at_work)
