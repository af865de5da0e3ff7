"""M2: a disk that is full, that stops taking writes, and that is good again; a real one."""

import sqlite3
import subprocess
from collections.abc import Generator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from tests.support.missing import missing

from toolyard.core.errors import StoreFull, StoreUnavailable, StoreUnusable
from toolyard.storage.sqlite_store import SqliteStore
from toolyard.storage.store import Store

VALUE = "v" * 2_000


@pytest.fixture
def disk(tmp_path: Path) -> Generator[Path]:
    """A file system of 1 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    if done.returncode:
        missing("a full disk", f"Only root may mount one: {done.stderr}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], timeout=20, check=True)


def remount(disk: Path, mode: str) -> None:
    """Let the disk be written (`rw`) or not (`ro`)."""
    subprocess.run(["mount", "-o", f"remount,{mode}", str(disk)], timeout=20, check=True)


def occupy(disk: Path, most: int) -> Path:
    """A file that takes up room, or all that there is."""
    place = disk / "in the way"
    with place.open("ab", buffering=0) as file, suppress(OSError):
        while file.tell() < most:
            file.write(b"x" * 4_096)
    return place


async def filled(store: Store) -> list[str]:
    """The keys that were acknowledged before the disk was full."""
    kept: list[str] = []
    try:
        while True:
            await store.put(f"k{len(kept)}", VALUE)
            kept.append(f"k{len(kept)}")
    except StoreFull as error:
        assert "disk is full. Make room" in str(error)  # noqa: PT017 - it matters when it came
    return kept


async def assert_all_there(store: Store, keys: list[str]) -> None:
    for key in keys:
        found = await store.get(key)
        assert found is not None
        assert found.value == VALUE


def assert_whole(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def test_a_full_disk_loses_nothing_and_is_used_again_when_there_is_room(disk: Path) -> None:
    in_the_way = occupy(disk, 550_000)
    async with SqliteStore(disk / "store.db") as store:
        kept = await filled(store)
        assert len(kept) > 10
        await assert_all_there(store, kept)
        for _ in range(3):
            with pytest.raises(StoreFull):
                await store.put("one more", VALUE)
        assert (await store.sizes()).keys == len(kept)
        in_the_way.unlink()
        await store.put("after", VALUE)
        kept += ["after", *(await more(store))]
    assert_whole(disk / "store.db")
    async with SqliteStore(disk / "store.db") as store:
        await assert_all_there(store, kept)


async def more(store: Store) -> list[str]:
    for number in range(12):
        await store.put(f"later{number}", VALUE)
    return [f"later{number}" for number in range(12)]


async def test_what_is_on_a_full_disk_is_there_when_there_is_room_again(disk: Path) -> None:
    """Opening needs a little room for what the processes share; without it, it says so."""
    async with SqliteStore(disk / "store.db") as store:
        kept = await more(store)
    in_the_way = occupy(disk, 1 << 20)
    with pytest.raises((StoreFull, StoreUnavailable), match="disk"):
        async with SqliteStore(disk / "store.db"):
            pass
    in_the_way.unlink()
    async with SqliteStore(disk / "store.db") as store:
        await assert_all_there(store, kept)


async def test_a_small_disk_is_not_filled_by_what_is_written_over(disk: Path) -> None:
    """The log would be longer than the disk: it is shortened in time."""
    async with SqliteStore(disk / "store.db") as store:
        kept = await more(store)
    async with SqliteStore(disk / "store.db") as store:
        for number in range(500):
            await store.put(kept[number % 10], VALUE)
        for key in kept[10:]:
            assert await store.delete(key)
        await assert_all_there(store, kept[:10])
    assert_whole(disk / "store.db")


async def test_a_read_only_disk_is_refused_with_its_reason(disk: Path) -> None:
    async with SqliteStore(disk / "store.db") as store:
        await store.put("k0", VALUE)
    remount(disk, "ro")
    with pytest.raises(StoreUnusable, match="Read-only file system"):
        async with SqliteStore(disk / "store.db"):
            pass
    remount(disk, "rw")
    async with SqliteStore(disk / "store.db") as store:
        await assert_all_there(store, ["k0"])
