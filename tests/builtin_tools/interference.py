"""Processes that get in the way: one that exchanges names, and writers that are killed."""

import ctypes
import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import anyio
from tests.builtin_tools.files import INSIDE, SECRET, everything_in
from tests.support.missing import missing

from toolyard import FileSystem, ToolError
from toolyard.builtin_tools.filesystem.root import Confinement

_EXCHANGE = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
one, other = (os.fsencode(path) for path in sys.argv[1:])
if libc.renameat2(-100, one, -100, other, 2):
    sys.exit("cannot exchange")
print("begun", flush=True)
while os.getppid() != 1:
    libc.renameat2(-100, one, -100, other, 2)
"""
_WRITE = """
import sys
from toolyard.builtin_tools.filesystem.files import Files, Options

files = Files(sys.argv[1], Options(False, None, (), 1 << 20, 4 << 20, None, None, "auto"))
number = int(sys.argv[2])
while True:
    number += 1
    files.write("d/whole.txt", f"{number}\\n" * 20_000)
    print("whole", number, flush=True)
    files.append("log.txt", f"{number}\\n")
    print("log", number, flush=True)
"""


@contextmanager
def exchanging(one: Path, other: Path) -> Generator[None]:
    """Let a second process exchange two names, by RENAME_EXCHANGE, as fast as it can."""
    if sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "renameat2"):
        missing("renameat2", "Run this on Linux.")
    command = [sys.executable, "-c", _EXCHANGE, str(one), str(other)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "begun\n"
            yield
            assert process.poll() is None
        finally:
            process.kill()


async def race(place: Path, confinement: Confinement, reads: int) -> tuple[int, int]:
    """Read and write in a directory that is a link to elsewhere half of the time.

    Gives how many reads were good and how many refused; a leak fails.
    """
    root, outside = place / "root", place / "outside"
    for directory in (root / "d", outside):
        directory.mkdir(parents=True)
    (root / "d" / "a.txt").write_text(INSIDE)
    for name in ("a.txt", "outside.txt", "sub/outside.txt"):
        (outside / name).parent.mkdir(exist_ok=True)
        (outside / name).write_text(SECRET)
    before = everything_in(outside)
    (root / "link").symlink_to(outside)
    files = FileSystem(root, confinement=confinement)
    good = refused = 0
    with exchanging(root / "d", root / "link"):
        for number in range(reads):
            if number % 25 == 0:
                await _meddle(files)
            try:
                read = await files.read_file("d/a.txt")
            except ToolError:
                refused += 1
            else:
                assert read == INSIDE
                good += 1
    assert everything_in(outside) == before
    assert not list(root.rglob("*.tmp"))
    return good, refused


async def _meddle(files: FileSystem) -> None:
    """Change, look and delete where a link may be at any moment."""
    for change in (
        partial(files.write_file, "d/new.txt", "new"),
        partial(files.append_file, "d/a.txt", ""),
        partial(files.edit_file, "d/a.txt", SECRET[:5], "x"),
        partial(files.create_directory, "d/made"),
        partial(files.delete_file, "d/outside.txt"),
        partial(files.delete_directory, "d/sub"),
    ):
        with suppress(ToolError):
            await change()
    with suppress(ToolError):
        listing = await files.read_directory("d", recursive=True)
        assert not [each for each in listing.entries if "outside" in each.path]
    found = await files.search_files(content=SECRET)
    assert not found.matches
    assert not await files.file_exists("d/outside.txt")


async def survive_kills(root: Path, kills: int, pause_s: float) -> None:
    """Kill a writer again and again: what it told is there, and nothing is half there."""
    whole = log = 0
    logged: set[int] = set()
    for number in range(kills):
        said = await _killed_writer(root, max(whole, log), pause_s * (1 + number % 7))
        whole = max([whole, *said["whole"]])
        files = FileSystem(root)
        async with files:
            assert not _temporary(root)
            logged |= {*said["log"]}
            log = max(logged, default=log)
            if await files.file_exists("d/whole.txt"):
                whole = _checked_whole(await files.read_file("d/whole.txt"), whole)
            if logged or await files.file_exists("log.txt"):
                log = _checked_log((root / "log.txt").read_text(), logged)
    assert whole > 0


def _temporary(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.name.startswith(".toolyard")]


def _checked_whole(text: str, told: int) -> int:
    """The number of which all lines are, which is the one last told or the next."""
    (number,) = set(text.split())
    assert text == f"{number}\n" * 20_000
    assert int(number) >= told
    return int(number)


def _checked_log(text: str, told: set[int]) -> int:
    """The last number in the log, which holds all that were told."""
    assert re.fullmatch(r"(\d+\n)*", text)
    numbers = [int(each) for each in text.split()]
    assert numbers == sorted(set(numbers))
    assert told <= set(numbers)
    return max(numbers, default=0)


async def _killed_writer(root: Path, begin: int, pause_s: float) -> dict[str, list[int]]:
    command = [sys.executable, "-c", _WRITE, str(root), str(begin)]
    process = await anyio.open_process(command, stderr=None)
    said = b""
    assert process.stdout is not None
    async with process:
        with anyio.fail_after(30):
            said += await process.stdout.receive()  # it has begun
            await anyio.sleep(pause_s)  # wherever it may be then
            process.kill()
            async for piece in process.stdout:
                said += piece
    told: dict[str, list[int]] = {"whole": [], "log": []}
    for kind, number in re.findall(r"(whole|log) (\d+)\n", said.decode()):
        told[kind].append(int(number))
    return told


@contextmanager
def small_disk(place: Path, size: str = "1m") -> Generator[Path]:
    """A disk of its own for a test, which is soon full."""
    if sys.platform != "linux" or os.geteuid() != 0:
        missing("permission to mount a small disk", "Run this test as root on Linux.")
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},nr_inodes=100", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        missing(f"a small disk ({done.stderr.strip()})", "Run this test where mounting is allowed.")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
