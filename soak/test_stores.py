"""Stores whose users are killed for long: nothing is lost, and nothing is done twice."""

import time
from pathlib import Path

import pytest
from tests.storage.killing import kill_writers
from tests.storage.team import Team, counted
from tests.support.redis import redis

from soak.test_server import TIMES, times
from toolyard.storage.opening import store_at

pytestmark = pytest.mark.timeout(3_600 * max(1, TIMES))


@pytest.mark.parametrize("engine", ["sqlite", "redis", "redis, restarted"])
async def test_sixteen_killed_workers_complete_each_task_once(tmp_path: Path, engine: str) -> None:
    """C1 and C3: 16 processes, 10,000 tasks, a kill a second, of the store too."""
    histories, directory = tmp_path / "histories", tmp_path / "redis"
    histories.mkdir()
    directory.mkdir()
    with redis(directory) as server:

        def restart() -> None:
            server.kill()
            server.start()

        place = f"sqlite:{tmp_path / 'store.db'}" if engine == "sqlite" else server.url
        team = Team(place, times(10_000), histories, seed=1)
        began = time.monotonic()
        team.run(
            16,
            kills=times(40),
            timeout_s=1_800 * max(1, TIMES),
            pause_s=(0.5, 1.5),
            restart=restart if "restarted" in engine else None,
        )
        took = time.monotonic() - began
        await team.assert_each_was_completed_once()
    print(f"\n{engine}: {team.tasks} tasks, each done once; {team.kills} workers killed, ", end="")
    print(f"the store {team.restarts} times, {took:.0f} s")
    assert team.kills > 5


async def test_every_acknowledged_write_survives_two_hundred_kills(tmp_path: Path) -> None:
    """M1 on SQLite."""
    count = await kill_writers(tmp_path / "store.db", times(200), seed=2)
    print(f"\n{times(200)} kills, {count} acknowledged writes, all there")


async def test_sixteen_processes_lose_no_update_of_one_file(tmp_path: Path) -> None:
    """M4: nobody is told that the file is locked, and nobody starves."""
    place = f"sqlite:{tmp_path / 'store.db'}"
    took = counted(place, 16, times(500))
    async with store_at(place) as store:
        assert await store.increment("n", 0) == len(took) == 16 * times(500)
    late = took[-len(took) // 100]
    print(f"\n{len(took)} updates of 16 processes: 99% within {late * 1e3:.0f} ms, ", end="")
    print(f"all within {took[-1] * 1e3:.0f} ms")
    assert late < 2
