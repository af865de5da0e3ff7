"""Which files may be touched, and how much may be there."""

import os
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.builtin_tools.files import Yard

from toolyard import FileSystem, ToolError


def yard_in(place: Path, **options: Any) -> Yard:
    root = place / "root"
    root.mkdir(exist_ok=True)
    return Yard(root, FileSystem(root, **options))


ON_FILES: list[tuple[str, dict[str, Any]]] = [
    ("read_file", {}),
    ("read_file", {"encoding": "base64"}),
    ("write_file", {"content": "x"}),
    ("append_file", {"content": "x"}),
    ("edit_file", {"old_text": "x", "new_text": "y"}),
    ("get_file_metadata", {}),
    ("delete_file", {}),
]


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(
    "name",
    [".env", ".ENV", "a.env", "a.Env", "a.env.txt", ".env.local", "a.env ", "a.env.", "a.env .",
     "a. env", "a.\uff45nv", "d/.env", "x.env/a.txt", ".env/a.txt", "a.tar.gz"],
)  # fmt: skip
async def test_a_denied_extension_holds_for_every_operation(
    tmp_path: Path, name: str, there: bool
) -> None:
    yard = yard_in(tmp_path, denied_extensions=[".env", "tar.GZ"])
    if there:
        (yard.root / name).parent.mkdir(exist_ok=True)
        (yard.root / name).write_text("x")
    for tool, given in ON_FILES:
        assert "not allowed" in await yard.refused(tool, path=name, **given)
    assert not await yard.files.file_exists(name)
    listed = await yard.files.read_directory(recursive=True)
    assert name not in [each.path for each in listed.entries]
    assert (await yard.files.search_files(content="x")).matches == ()
    assert (yard.root / name).exists() == there


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(
    "name", [".env", "Makefile", "a.md", "a.txt.md", "a.txt.", "a.txt ", ".txt.gz", "a.txtx", "txt"]
)
async def test_with_allowed_extensions_all_others_are_refused(
    tmp_path: Path, name: str, there: bool
) -> None:
    yard = yard_in(tmp_path, allowed_extensions=["TXT"])
    if there:
        (yard.root / name).write_text("x")
    for tool, given in ON_FILES:
        assert ".txt" in await yard.refused(tool, path=name, **given)
    assert not await yard.files.file_exists(name)
    assert (await yard.files.read_directory()).entries == ()
    assert (await yard.files.search_files(glob="*")).matches == ()
    assert (yard.root / name).exists() == there


@pytest.mark.parametrize("name", ["a.txt", "a.TXT", "a.md.txt", ".txt", "d/a.txt", "d.md/a.txt"])
async def test_an_allowed_extension_is_allowed(tmp_path: Path, name: str) -> None:
    yard = yard_in(tmp_path, allowed_extensions=[".txt"])
    await yard.files.write_file(name, "x")
    await yard.files.edit_file(name, "x", "y")
    assert await yard.files.read_file(name) == "y"
    await yard.files.delete_file(name)


async def test_a_name_without_a_dot_has_an_extension_of_its_own(tmp_path: Path) -> None:
    yard = yard_in(tmp_path, allowed_extensions=["", ".txt"])
    await yard.files.write_file("Makefile", "x")
    await yard.files.write_file("a.txt", "x")
    for name in (".env", "a.md", "a."):
        await yard.refused("write_file", path=name, content="x")


@pytest.mark.parametrize(
    "options", [{"allowed_extensions": [".txt"]}, {"denied_extensions": ["md"]}]
)
async def test_a_directory_with_files_that_may_not_be_touched_is_not_deleted(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    yard = yard_in(tmp_path, **options)
    await yard.files.write_file("d/a.txt", "x")
    (yard.root / "d" / "e").mkdir()
    (yard.root / "d" / "e" / "hidden.md").write_text("x")
    said = await yard.refused("delete_directory", path="d")
    assert "hidden" not in said
    assert (yard.root / "d" / "a.txt").exists()
    (yard.root / "d" / "e" / "hidden.md").unlink()
    await yard.files.delete_directory("d")
    assert os.listdir(yard.root) == []


async def test_denied_directories_are_not_made(tmp_path: Path) -> None:
    yard = yard_in(tmp_path, denied_extensions=[".git"])
    for path in (".git", "a/.git", ".git/hooks", "x.git"):
        await yard.refused("create_directory", path=path)
        await yard.refused("write_file", path=f"{path}/hook", content="x")
    assert not (yard.root / ".git").exists()


async def test_files_together_stay_below_the_quota(tmp_path: Path) -> None:
    yard = yard_in(tmp_path, quota_bytes=100)
    await yard.files.write_file("a", "x" * 60)
    assert "140 bytes of the 100" in await yard.refused("write_file", path="b", content="x" * 80)
    assert not (yard.root / "b").exists()
    await yard.files.write_file("d/b", "x" * 40)
    for tool in ("write_file", "append_file"):
        await yard.refused(tool, path="d/c", content="x")
    await yard.refused("append_file", path="a", content="x")
    await yard.refused("edit_file", path="a", old_text="x" * 60, new_text="x" * 61)
    await yard.files.write_file("a", "y" * 60)
    await yard.files.write_file("empty", "")
    await yard.files.edit_file("a", "y" * 60, "y" * 59)
    await yard.files.write_file("c", "x")
    await yard.files.delete_file("d/b")
    await yard.files.append_file("c", "x" * 40)


async def test_the_quota_counts_what_others_wrote_and_holds_after_a_restart(
    tmp_path: Path,
) -> None:
    yard = yard_in(tmp_path, quota_bytes=100, max_files=3)
    await yard.files.write_file("a", "x" * 50)
    (yard.root / ".hidden").write_text("x" * 30)
    os.symlink("/etc/passwd", yard.root / "link")
    again = yard_in(tmp_path, quota_bytes=100)
    assert "of the 100" in await again.refused("append_file", path="a", content="x" * 30)
    assert "3 are there" in await yard.refused("write_file", path="b", content="")
    over = yard_in(tmp_path, quota_bytes=10)
    await over.files.write_file("a", "x" * 40)  # less than there was
    await over.refused("append_file", path="a", content="x")


async def test_directories_count_as_files(tmp_path: Path) -> None:
    yard = yard_in(tmp_path, max_files=4)
    await yard.files.write_file("a/b/c", "x")
    await yard.refused("write_file", path="x/y", content="x")
    await yard.refused("create_directory", path="x/y")
    assert os.listdir(yard.root) == ["a"]
    await yard.files.create_directory("x")
    await yard.refused("write_file", path="y", content="x")
    await yard.files.write_file("a/b/c", "still there")


async def test_the_quota_holds_for_writers_at_once(tmp_path: Path) -> None:
    """Also for several on one directory, as the workers of a server are."""
    several = [yard_in(tmp_path, quota_bytes=1_000, max_files=20) for _ in range(3)]
    refusals = list[str]()

    async def write(yard: Yard, name: str) -> None:
        try:
            await yard.files.write_file(name, "x" * 90)
        except ToolError as refusal:
            refusals.append(str(refusal))

    async with anyio.create_task_group() as tasks:
        for number in range(30):
            tasks.start_soon(write, several[number % 3], f"f{number}")
    assert len(os.listdir(tmp_path / "root")) == 11
    assert len(refusals) == 19


async def test_the_largest_file_is_limited_for_every_way_to_write(tmp_path: Path) -> None:
    yard = yard_in(tmp_path, max_write_bytes=10)
    await yard.refused("write_file", path="a", content="ä" * 6)
    await yard.files.write_file("a", "ä" * 5)
    await yard.refused("append_file", path="a", content="x")
    await yard.refused("edit_file", path="a", old_text="äääää", new_text="ä" * 6)
    assert (yard.root / "a").read_text() == "ä" * 5


async def test_nobody_loses_what_was_added_at_once(tmp_path: Path) -> None:
    several = [yard_in(tmp_path) for _ in range(3)]
    async with anyio.create_task_group() as tasks:
        for number in range(60):
            tasks.start_soon(several[number % 3].files.append_file, "log", f"{number}\n")
    lines = (tmp_path / "root" / "log").read_text().split()
    assert sorted(map(int, lines)) == list(range(60))
