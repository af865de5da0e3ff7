"""A team of processes that are killed, paused, or lose their store: each task is done once."""

import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from tests.storage.killing import ENVIRONMENT
from tests.storage.team import Team, counted
from tests.support.redis import Redis, redis

from toolyard import Memory
from toolyard.storage.opening import store_at

HOLDER = Path(__file__).with_name("holding.py")


@pytest.fixture(params=["sqlite", "redis", "valkey"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:{tmp_path / 'store.db'}"
    server: Redis = request.getfixturevalue(f"{request.param}_server")
    server.ask("FLUSHALL")
    return server.url


def team_of(place: str, directory: Path, tasks: int) -> Team:
    histories = directory / "histories"
    histories.mkdir()
    return Team(place, tasks, histories, seed=11)


async def test_killed_workers_lose_no_task(place: str, tmp_path: Path) -> None:
    """C1, with 4 processes here and with 16 in `soak`."""
    team = team_of(place, tmp_path, 200)
    team.run(4, kills=3, timeout_s=40, pause_s=(0.3, 0.6))
    assert team.kills >= 1
    await team.assert_each_was_completed_once()


async def test_many_processes_lose_no_update(place: str) -> None:
    """M4, with 4 processes here and with 16 in `soak`; nobody is told that it is locked."""
    assert len(counted(place, 4, 50)) == 200
    async with store_at(place) as store:
        assert await store.increment("n") == 201


async def test_a_store_that_is_killed_among_claims_loses_none(tmp_path: Path) -> None:
    """C3: who does not know whether it won, or has written, reads who did."""
    directory = tmp_path / "redis"
    directory.mkdir()
    with redis(directory) as server:

        def restart() -> None:
            server.kill()
            server.start()

        team = team_of(server.url, tmp_path, 600)
        team.run(4, kills=0, timeout_s=40, pause_s=(0.3, 0.6), restart=restart)
        assert team.restarts >= 1
        await team.assert_each_was_completed_once()


@contextmanager
def holding(place: str) -> "Generator[subprocess.Popen[str]]":
    """A process that claims the task and waits to be told to write its result."""
    command = [sys.executable, str(HOLDER), place, "ann"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, env=ENVIRONMENT, text=True, bufsize=1
    ) as holder:
        yield holder


def heard(holder: "subprocess.Popen[str]") -> str:
    assert holder.stdout is not None
    return holder.stdout.readline().strip()


def tell(holder: "subprocess.Popen[str]") -> None:
    assert holder.stdin is not None
    holder.stdin.write("\n")


async def claimed_when_free(memory: Memory, owner: str) -> int:
    """The fencing number, once whoever holds the task is late."""
    while True:
        claim = await memory.claim("task", owner, 60)
        if claim.is_won:
            return claim.version
        await anyio.sleep(claim.expires_in_s or 0)


async def test_who_was_paused_past_its_lease_cannot_write_any_more(place: str) -> None:
    """C2: the fencing number of its claim is not that of the one who holds the task now."""
    with holding(place) as holder:
        late = int(heard(holder))
        holder.send_signal(signal.SIGSTOP)
        async with Memory(store_at(place)) as memory:
            now = await claimed_when_free(memory, "bob")
            holder.send_signal(signal.SIGCONT)
            tell(holder)
            assert heard(holder) == "refused"
            assert now > late
            assert await memory.compare_and_set("task", "by bob", expected=now)
            found = await memory.get("task")
    assert found is not None
    assert found.value == "by bob"
