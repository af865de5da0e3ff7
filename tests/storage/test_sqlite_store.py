"""What only a store in a file can suffer."""

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest
from tests.storage.killing import ENVIRONMENT, kill_writers
from tests.support.missing import missing

from toolyard.core.errors import StoreFull, StoreUnavailable, StoreUnusable
from toolyard.storage.clock import MachineClock, machine_clock
from toolyard.storage.sqlite_store import SqliteStore
from toolyard.storage.store import Store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def read(file: Path) -> bytes:
    return file.read_bytes()


def write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def remove(file: Path) -> None:
    file.unlink()


async def filled(file: Path, count: int = 60) -> None:
    async with SqliteStore(file) as store:
        for number in range(count):
            await store.put(f"k{number}", "v" * 500)


async def assert_refused(file: Path, said: str) -> None:
    before = read(file)
    with pytest.raises(StoreUnusable, match=said) as refused:
        async with SqliteStore(file):
            pass
    assert str(file.parent) not in str(refused.value)
    assert read(file) == before


async def test_writers_that_are_killed_lose_nothing_acknowledged(file: Path) -> None:
    """M1, 8 times here and 200 times in `soak`."""
    with anyio.fail_after(25):
        assert await kill_writers(file, 8, seed=5) > 8


async def test_what_was_put_is_there_after_reopening(file: Path) -> None:
    await filled(file, 3)
    async with SqliteStore(file) as store:
        version = await store.put("next", "")
        assert (await store.sizes()).keys == 4
    async with SqliteStore(file) as store:
        await store.delete("next")
    async with SqliteStore(file) as store:
        assert await store.put("next", "") > version + 1


async def test_the_file_is_for_its_user_only(file: Path) -> None:
    async with SqliteStore(file) as store:
        await store.put("k", "v")
        assert {each.stat().st_mode & 0o777 for each in file.parent.iterdir()} == {0o600}


async def test_two_openings_see_each_other(file: Path) -> None:
    async with SqliteStore(file) as one, SqliteStore(file) as other:
        async with other.watch() as changes:
            version = await one.put("k", "v")
            assert (await anext(changes)).version == version
        assert await other.compare_and_set("k", "w", version=version)
        assert await one.compare_and_set("k", "x", version=version) is None


async def test_a_file_of_something_else_is_refused(file: Path) -> None:
    write(file, b"This is a letter and not a database.\n" * 100)
    await assert_refused(file, "corrupt")


async def test_a_database_of_something_else_is_refused(file: Path) -> None:
    database = sqlite3.connect(file)
    database.execute("CREATE TABLE theirs(x)")
    database.close()
    await assert_refused(file, "something else")


async def test_a_newer_schema_is_refused(file: Path) -> None:
    await filled(file, 1)
    database = sqlite3.connect(file)
    database.execute("PRAGMA user_version = 2")
    database.close()
    await assert_refused(file, "newer")


async def test_a_truncated_file_is_refused(file: Path) -> None:
    await filled(file)
    whole = read(file)
    for length in (len(whole) // 2, 4096, 100):
        write(file, whole[:length])
        await assert_refused(file, "corrupt|damaged")


async def test_a_corrupt_page_is_refused(file: Path) -> None:
    await filled(file)
    content = bytearray(read(file))
    content[8192:12288] = b"\xa5" * 4096
    write(file, bytes(content))
    await assert_refused(file, "corrupt")


async def test_an_emptied_file_beside_its_log_is_refused(file: Path) -> None:
    write(file, b"")
    write(Path(f"{file}-wal"), b"something")
    await assert_refused(file, "empty but its log")


async def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="cannot be opened"):
        async with SqliteStore(tmp_path / "nowhere" / "store.db"):
            pass


async def test_a_read_only_database_refuses_changes(file: Path) -> None:
    async with SqliteStore(file) as store:
        await store.put("k", "v")
        database = store._file._database
        assert database is not None
        database.execute("PRAGMA query_only = 1")
        with pytest.raises(StoreUnusable, match="read-only"):
            await store.put("k", "w")
        found = await store.get("k")
        assert found is not None
        assert found.value == "v"


async def test_a_full_disk_refuses_and_goes_on_when_there_is_room(file: Path) -> None:
    async with SqliteStore(file) as store:
        await store.put("k", "v")
        database = store._file._database
        assert database is not None
        database.execute("PRAGMA max_page_count = 40")
        with pytest.raises(StoreFull, match="disk is full"):
            await fill(store)
        kept = (await store.sizes()).keys
        assert kept > 1
        assert await store.get("k") is not None
        database.execute("PRAGMA max_page_count = 4000")
        await store.put("after", "v")
        assert (await store.sizes()).keys == kept + 1


async def fill(store: Store) -> None:
    for number in range(1_000):
        await store.put(f"n{number}", "v" * 1_000)


LIMITED = """
import anyio, resource, signal, sys
from toolyard.core.errors import StoreError
from toolyard.storage.sqlite_store import SqliteStore

async def main(file):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    count = 0
    async with SqliteStore(file) as store:
        try:
            while True:
                await store.put(f"k{count}", "v" * 2_000)
                count += 1
        except StoreError as error:
            print(count, type(error).__name__)

anyio.run(main, sys.argv[1])
"""


def fill_limited(file: Path) -> list[str]:
    command = [sys.executable, "-c", LIMITED, str(file)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, timeout=20, check=True)
    return done.stdout.decode().split()


async def test_a_file_that_may_not_grow_keeps_what_was_acknowledged(file: Path) -> None:
    """M2: the operating system refuses the write in the middle."""
    count, said = fill_limited(file)
    assert said in ("StoreFull", "StoreUnavailable", "OutcomeUnknown")
    async with SqliteStore(file) as store:
        assert (await store.sizes()).keys >= int(count) > 5
        for number in range(int(count)):
            assert await store.get(f"k{number}") is not None


async def test_a_file_that_another_holds_is_waited_for_so_long(file: Path) -> None:
    async with SqliteStore(file, busy_timeout_s=0.2) as store:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="holds the store"):
            await store.put("k", "v")
        assert 0.15 < time.monotonic() - began < 2
        assert await store.get("k") is None
        other.execute("ROLLBACK")
        other.close()
        await store.put("k", "v")


async def test_a_file_that_was_removed_is_not_written_to(file: Path) -> None:
    async with SqliteStore(file) as store:
        await store.put("k", "v")
        remove(file)
        with pytest.raises(StoreUnusable, match="removed or replaced"):
            await store.put("k", "w")


async def test_a_store_that_is_not_open_says_so(file: Path) -> None:
    store = SqliteStore(file)
    with pytest.raises(StoreUnavailable, match="enter it"):
        await store.get("k")
    async with store:
        await store.put("k", "v")
    with pytest.raises(StoreUnavailable, match="enter it"):
        await store.get("k")


async def test_leases_do_not_follow_a_clock_that_is_set() -> None:
    """S10: the machine's time of day is read once per boot."""
    clock = machine_clock("", 0.0)
    if not clock.boot:
        missing("a name for each boot", "Run this on Linux.")
    assert abs(clock.now - time.time()) < 5
    an_hour_ahead = MachineClock(clock.boot, clock.epoch + 3_600)
    assert machine_clock(an_hour_ahead.boot, an_hour_ahead.epoch) == an_hour_ahead
    assert machine_clock("another boot", 0.0).boot == clock.boot


async def test_many_can_open_a_new_file_at_once(tmp_path: Path) -> None:
    """Each finds it empty, in the making or made, and all find the same store."""

    async def use(file: Path, number: int) -> None:
        async with SqliteStore(file) as store:
            await store.put(f"k{number}", "v")

    for attempt in range(25):
        file = tmp_path / f"{attempt}.db"
        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(use, file, number)
        async with SqliteStore(file) as store:
            assert (await store.sizes()).keys == 8


async def test_an_emptied_file_beside_its_log_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    """What the log holds would be lost: the engine takes the file for a new one."""
    file, log = tmp_path / "store.db", tmp_path / "store.db-wal"
    for each, held in ((file, b""), (log, b"what was not yet in the file")):
        each.write_bytes(held)
    with pytest.raises(StoreUnusable, match="empty but its log"):
        async with SqliteStore(file):
            pass
    assert log.read_bytes() == b"what was not yet in the file"
