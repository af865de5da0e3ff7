"""A writer that is killed again and again, and what must be there then (M1)."""

import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.support.process import ROOT

from toolyard.storage.sqlite_store import SqliteStore

WRITER = Path(__file__).with_name("writing.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def killed_while_writing(file: Path, name: str, most_lines: int) -> dict[str, int]:
    """What a writer acknowledged before it was killed, with the versions."""
    command = [sys.executable, str(WRITER), str(file), name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=ENVIRONMENT) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(most_lines)]
        writer.kill()
        said += writer.stdout.readlines()
    whole = [line.decode().split() for line in said if line.endswith(b"\n")]
    return {key: int(version) for key, version in whole}


async def assert_all_is_kept(file: Path, acknowledged: dict[str, int]) -> None:
    """Every acknowledged write is there, the file is whole, and nothing lies beside it."""
    async with SqliteStore(file) as store:
        for key, version in acknowledged.items():
            found = await store.get(key)
            assert found is not None, key
            assert found.version == version
            number = key.split(":")[1]
            assert found.value == f"{number} " * (int(number) % 200)
        assert await store.put("next", "") > max(acknowledged.values(), default=0)
    with sqlite3.connect(file) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    assert [each.name for each in file.parent.iterdir()] == [file.name]


async def kill_writers(file: Path, times: int, seed: int) -> int:
    """How many writes were acknowledged by writers of which each was killed."""
    print(f"seed {seed}")
    chance, count = random.Random(seed), 0
    for number in range(times):
        kept = killed_while_writing(file, f"w{number}", chance.randrange(1, 60))
        assert kept
        await assert_all_is_kept(file, kept)
        count += len(kept)
    return count
