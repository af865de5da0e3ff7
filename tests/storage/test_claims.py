"""A team of processes of which some are killed: each task is completed exactly once (C1)."""

from pathlib import Path

import pytest
from tests.storage.team import Team
from tests.support.redis import Redis


def team_of(place: str, directory: Path, tasks: int) -> Team:
    histories = directory / "histories"
    histories.mkdir()
    return Team(place, tasks, histories, seed=11)


@pytest.mark.parametrize("tasks", [200])
async def test_killed_workers_lose_no_task_in_sqlite(tmp_path: Path, tasks: int) -> None:
    team = team_of(f"sqlite:{tmp_path / 'store.db'}", tmp_path, tasks)
    team.run(4, kills=3, timeout_s=40, pause_s=(0.3, 0.6))
    assert team.kills >= 1
    await team.assert_each_was_completed_once()


@pytest.mark.parametrize("tasks", [200])
async def test_killed_workers_lose_no_task_in_redis(
    tmp_path: Path, redis_server: Redis, tasks: int
) -> None:
    redis_server.ask("FLUSHALL")
    team = team_of(redis_server.url, tmp_path, tasks)
    team.run(4, kills=3, timeout_s=40, pause_s=(0.3, 0.6))
    assert team.kills >= 1
    await team.assert_each_was_completed_once()
