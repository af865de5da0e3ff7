"""M3: nothing is acknowledged before it is on the disk, and the power may go at any moment."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.storage.killing import ENVIRONMENT, assert_all_is_kept
from tests.storage.power import losses
from tests.support.redis import redis
from tests.support.tracing import arguments, calls, tracing

from toolyard.storage.redis_store import RedisStore

WRITER = """
import anyio, sys
from toolyard.storage.sqlite_store import SqliteStore

async def main(file):
    async with SqliteStore(file) as store:
        store._file._database.execute("PRAGMA wal_autocheckpoint = 20")
        for number in range(12):
            version = await store.put(f"w:{number}", f"{number} " * number)
            sys.stdout.write(f"w:{number} {version}" + chr(10))
            sys.stdout.flush()

anyio.run(main, sys.argv[1])
"""


@pytest.mark.parametrize("seed", [3])
async def test_what_sqlite_acknowledged_is_there_whenever_the_power_goes(
    tmp_path: Path, seed: int
) -> None:
    written = tmp_path / "written"
    written.mkdir()
    run(written / "store.db", tmp_path / "trace")
    moments = losses(calls(tmp_path / "trace"), written, tmp_path / "lost", random.Random(seed))
    assert len(moments) > 200
    assert len(moments[-1][1]) == 12
    for place, said in moments[:: max(1, len(moments) // 200)]:
        acknowledged = {key: int(version) for key, version in map(str.split, said)}
        await assert_all_is_kept(place / "store.db", acknowledged)


def run(file: Path, trace: Path) -> None:
    command = [*arguments(trace), sys.executable, "-c", WRITER, str(file)]
    subprocess.run(command, env=ENVIRONMENT, capture_output=True, timeout=40, check=True)


async def test_redis_answers_a_change_once_it_is_on_the_disk(tmp_path: Path) -> None:
    """With appendfsync always: each answer of a traced server follows the sync of its log."""
    directory = tmp_path / "redis"
    directory.mkdir()
    with redis(directory) as server:
        assert server.process is not None
        async with RedisStore(server.url) as store:
            await store.put("before", "v")
            with tracing(server.process.pid, tmp_path / "trace"):
                for number in range(10):
                    await store.put(f"k{number}", "v")
    is_synced, syncs, answers = True, 0, 0
    for call in calls(tmp_path / "trace"):
        if call.path.startswith("socket:"):
            answers += 1
            assert is_synced
        elif call.path.endswith(".aof"):
            is_synced = call.name == "fdatasync"
            syncs += is_synced
    assert answers > 5  # the tracer may miss the last
    assert syncs > 5
