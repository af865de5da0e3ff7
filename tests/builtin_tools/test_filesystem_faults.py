"""Others that interfere, kills and full disks: never a leak, never half a file."""

import fcntl
import os
import sys
import tempfile
from pathlib import Path

import anyio
import pytest
from tests.builtin_tools.files import BACK_ENDS
from tests.builtin_tools.interference import race, small_disk, survive_kills
from tests.support.process import run

from toolyard import FileSystem, ToolError
from toolyard.builtin_tools.filesystem import lock
from toolyard.builtin_tools.filesystem.root import Confinement


@pytest.mark.parametrize("confinement", BACK_ENDS)
async def test_a_directory_exchanged_with_a_link_leaks_nothing(
    tmp_path: Path, confinement: Confinement
) -> None:
    good, refused = await race(tmp_path, confinement, reads=5_000)
    assert good + refused == 5_000
    assert good > 50
    assert refused > 50


async def test_a_killed_writer_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(4):
            root = tmp_path / str(number)
            root.mkdir()
            tasks.start_soon(survive_kills, root, 5, 0.002 + number * 0.005)


async def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        files = FileSystem(disk)
        await files.write_file("d/a.txt", "old")
        for content in ("x" * (2 << 20), "y" * (1 << 20)):
            for write in (files.write_file, files.append_file):
                with pytest.raises(ToolError, match="too little room on the disk"):
                    await write("d/a.txt", content)
            with pytest.raises(ToolError, match="too little room"):
                await files.edit_file("d/a.txt", "old", content)
        with pytest.raises(ToolError, match="too little room"):
            await files.write_file("new.txt", "z" * (2 << 20))
        assert await files.read_file("d/a.txt") == "old"
        assert sorted(path.name for path in disk.rglob("*")) == ["a.txt", "d"]
        await files.write_file("d/a.txt", "new")
        assert await files.read_file("d/a.txt") == "new"
        del files


async def test_a_disk_without_room_for_names_says_so(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        files = FileSystem(disk)
        with pytest.raises(ToolError, match="too little room"):  # noqa: PT012 - at some point
            for number in range(200):
                await files.create_directory(f"d{number}")
        await files.delete_directory("d0")
        await files.write_file("a.txt", "x")
        del files


async def test_what_a_kill_left_is_swept_before_the_next_write_or_on_entering(
    tmp_path: Path,
) -> None:
    left = tmp_path / "d" / "e" / ".toolyard-0123456789abcdef.tmp"
    left.parent.mkdir(parents=True)
    others = [left.with_name(name) for name in (".toolyard-x.tmp", "toolyard-0123456789abcdef.tmp")]
    for path in (left, *others):
        path.write_text("half")
    read_only = FileSystem(tmp_path, read_only=True)
    async with read_only:
        assert left.exists()
    async with FileSystem(tmp_path):
        assert not left.exists()
    left.write_text("half")
    await FileSystem(tmp_path).write_file("a.txt", "x")
    assert not left.exists()
    assert all(path.exists() for path in others)


async def test_a_file_that_is_being_written_elsewhere_is_not_swept(tmp_path: Path) -> None:
    """Whoever writes holds the lock, which is waited for."""
    left = tmp_path / ".toolyard-0123456789abcdef.tmp"
    left.write_text("half")
    writer = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(writer, fcntl.LOCK_EX)
    done = anyio.Event()

    async def enter() -> None:
        async with FileSystem(tmp_path):
            done.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(enter)
        with anyio.move_on_after(0.2):
            await done.wait()
        assert left.exists()
        assert not done.is_set()
        left.rename(tmp_path / "whole.txt")
        os.close(writer)
        with anyio.fail_after(5):
            await done.wait()
    assert (tmp_path / "whole.txt").read_text() == "half"


async def test_a_lock_that_nobody_gives_back_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "MAX_WAIT_S", 0.05)
    writer = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(writer, fcntl.LOCK_EX)
    files = FileSystem(tmp_path)
    with pytest.raises(ToolError, match="try again"):
        await files.write_file("a.txt", "x")
    os.close(writer)
    await files.write_file("a.txt", "x")


async def test_the_event_loop_goes_on_while_files_are_read(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"f{number}").write_text("x" * 10_000)
    files, ticks = FileSystem(tmp_path), 0
    async with anyio.create_task_group() as tasks:

        async def search() -> None:
            await files.search_files(content="needle")
            tasks.cancel_scope.cancel()

        tasks.start_soon(search)
        while True:
            await anyio.sleep(0.001)
            ticks += 1
    assert ticks > 3


READ_WITHOUT_PERMISSION = """
import os, sys, anyio
from toolyard import FileSystem, ToolError

async def main():
    files = FileSystem(sys.argv[1])
    await files.read_file("open.txt")  # imports what it needs while it may
    if os.geteuid() == 0:
        os.setuid(65534)  # root may read everything
    try:
        await files.read_file("closed.txt")
    except ToolError as error:
        print(error)

anyio.run(main)
"""


def test_without_permission_it_says_so() -> None:
    with tempfile.TemporaryDirectory() as place:  # outside pytest's own, which only we may enter
        root = Path(place)
        root.chmod(0o755)
        (root / "open.txt").write_text("x")
        (root / "closed.txt").write_text("x")
        (root / "closed.txt").chmod(0)
        finished = run([sys.executable, "-c", READ_WITHOUT_PERMISSION, place])
    assert finished.code == 0, finished
    assert "not permitted" in finished.output
    assert place not in finished.output


async def test_a_cancelled_write_is_whole_or_not_there(tmp_path: Path) -> None:
    files = FileSystem(tmp_path)
    for _ in range(20):
        with anyio.move_on_after(0.002):
            await files.write_file("a.txt", "x" * 1_000_000)
    await files.write_file("b.txt", "y")  # waits for the thread that may still write
    if await files.file_exists("a.txt"):
        assert (tmp_path / "a.txt").stat().st_size == 1_000_000
