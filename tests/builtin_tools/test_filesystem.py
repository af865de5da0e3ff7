"""Files below a root: what each method and each tool does."""

import base64
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.builtin_tools.files import BACK_ENDS, Yard
from tests.support.missing import missing

from toolyard import CallContext, ConfigError, FileSystem, Image, Text, ToolError, UnknownName
from toolyard.builtin_tools.filesystem.glob import Glob

MIB = 1 << 20
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.fixture(params=BACK_ENDS)
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Yard:
    return yard_in(tmp_path, confinement=request.param)


def yard_in(place: Path, **options: Any) -> Yard:
    root = place / "root"
    root.mkdir()
    return Yard(root, FileSystem(root, **options))


def names(listing: Any) -> Sequence[str]:
    return [each["path"] for each in listing["entries"]]


async def test_a_file_is_written_read_added_to_edited_and_deleted(yard: Yard) -> None:
    entry = await yard.files.write_file("notes/a.txt", "hällo\n")
    assert (entry.name, entry.path, entry.size) == ("a.txt", "notes/a.txt", 7)
    assert await yard.files.read_file("notes/a.txt") == "hällo\n"
    await yard.files.append_file("notes/a.txt", "world\n")
    await yard.files.edit_file("notes/a.txt", "hällo", "good bye")
    assert await yard.files.read_file("notes/a.txt") == "good bye\nworld\n"
    assert await yard.files.read_bytes("notes/a.txt") == b"good bye\nworld\n"
    assert await yard.files.file_exists("notes/a.txt")
    await yard.files.delete_file("notes/a.txt")
    assert not await yard.files.file_exists("notes/a.txt")
    await yard.files.delete_directory("notes")
    assert os.listdir(yard.root) == []


async def test_the_tools_do_the_same_with_structure_and_text(yard: Yard) -> None:
    assert await yard.structured("write_file", path="n/a.txt", content="one\n") == {
        "path": "n/a.txt",
        "size": 4,
    }
    assert await yard.structured("append_file", path="n/a.txt", content="two\n") == {
        "path": "n/a.txt",
        "size": 8,
    }
    await yard.structured("edit_file", path="n/a.txt", old_text="two", new_text="2")
    read = await yard.call("read_file", path="n/a.txt")
    assert read.text == "one\n2\n"
    assert read.structured == {
        "path": "n/a.txt",
        "encoding": "text",
        "content": "one\n2\n",
        "size": 6,
        "start_line": 1,
        "end_line": 2,
        "truncated": False,
    }
    assert await yard.structured("file_exists", path="n") == {"path": "n", "exists": True}
    assert await yard.structured("create_directory", path="n/x/y") == {"path": "n/x/y"}
    assert await yard.structured("create_directory", path="n/x/y") == {"path": "n/x/y"}
    assert await yard.structured("delete_directory", path="n/x") == {"path": "n/x"}
    assert await yard.structured("delete_file", path="n/a.txt") == {"path": "n/a.txt"}
    assert names(await yard.structured("read_directory")) == ["n"]


async def test_metadata_is_of_files_and_directories_in_utc(yard: Yard) -> None:
    await yard.files.write_file("d/a.txt", "12345")
    os.utime(yard.root / "d" / "a.txt", (1_700_000_000, 1_700_000_000.9))
    os.utime(yard.root / "d", (1e12, 1e12))
    assert await yard.structured("get_file_metadata", path="d/a.txt") == {
        "name": "a.txt",
        "path": "d/a.txt",
        "size": 5,
        "is_directory": False,
        "modified": "2023-11-14T22:13:20Z",
    }
    directory = await yard.files.get_file_metadata("d")
    assert (directory.is_directory, directory.size) == (True, 0)
    assert await yard.files.get_file_size("d/a.txt") == 5
    with pytest.raises(ToolError, match="There is no 'nowhere'"):
        await yard.files.get_file_size("nowhere")


LINES = "".join(f"line {number}\n" for number in range(1, 101))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, LINES),
        (1, 1, "line 1\n"),
        (99, None, "line 99\nline 100\n"),
        (50, 51, "line 50\nline 51\n"),
        (None, 2, "line 1\nline 2\n"),
        (100, 10_000, "line 100\n"),
        (101, None, ""),
    ],
)
async def test_lines_are_read_by_their_numbers(
    yard: Yard, start: int | None, end: int | None, expected: str
) -> None:
    await yard.files.write_file("a.txt", LINES)
    assert await yard.files.read_file("a.txt", start_line=start, end_line=end) == expected


@pytest.mark.parametrize(("start", "end"), [(0, None), (-1, None), (102, None), (1, 0), (5, 4)])
async def test_lines_that_cannot_be_are_refused(yard: Yard, start: int, end: int | None) -> None:
    await yard.files.write_file("a.txt", LINES)
    with pytest.raises(ToolError, match="line"):
        await yard.files.read_file("a.txt", start_line=start, end_line=end)


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_below_one_is_refused(yard: Yard, limit: int) -> None:
    with pytest.raises(ToolError, match="at least 1"):
        await yard.files.read_directory(limit=limit)
    with pytest.raises(ToolError, match="at least 1"):
        await yard.files.search_files(glob="*", limit=limit)


async def test_a_text_that_is_too_long_is_cut_after_a_line_and_can_be_continued(
    tmp_path: Path,
) -> None:
    yard = yard_in(tmp_path, max_read_bytes=100)
    await yard.files.write_file("a.txt", LINES)
    read, start = "", 1
    for _ in range(100):
        part = await yard.structured("read_file", path="a.txt", start_line=start)
        assert len(part["content"]) <= 100
        read, start = read + part["content"], part["end_line"] + 1
        if not part["truncated"]:
            break
    assert read == LINES
    assert "start_line 14" in (await yard.call("read_file", path="a.txt")).text
    with pytest.raises(ToolError, match="read fewer lines"):
        await yard.files.read_file("a.txt")
    with pytest.raises(ToolError, match="too large to read"):
        await yard.files.read_bytes("a.txt")


async def test_a_cut_never_divides_a_letter(tmp_path: Path) -> None:
    yard = yard_in(tmp_path, max_read_bytes=100)
    await yard.files.write_file("a.txt", "x" + "ä" * 100)
    part = await yard.structured("read_file", path="a.txt")
    assert (part["content"], part["truncated"]) == ("x" + "ä" * 49, True)
    assert part["size"] == 201


async def test_large_files_are_written_and_read_whole(yard: Yard) -> None:
    text = "äöü0123456789\n" * (MIB // 17)
    await yard.files.write_file("a.txt", text)
    assert await yard.files.read_file("a.txt") == text
    await yard.files.write_file("full", b"\xff" * MIB)
    assert await yard.files.read_bytes("full") == b"\xff" * MIB
    await yard.files.write_file("over", b"\0" * (MIB + 1))
    part = await yard.structured("read_file", path="over", encoding="base64")
    assert part["truncated"]
    assert base64.b64decode(part["content"]) == b"\0" * (MIB // 3 * 3)
    assert "most that can be written" in str(
        await yard.refused("append_file", path="over", content="x" * (4 * MIB))
    )
    assert (yard.root / "over").stat().st_size == MIB + 1


async def test_a_file_far_too_large_to_be_read_is_searched_for_its_lines(tmp_path: Path) -> None:
    yard = yard_in(tmp_path)
    with (yard.root / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    assert "too far" in await yard.refused("read_file", path="sparse", start_line=2)
    assert "most that can" in await yard.refused("append_file", path="sparse", content="x")
    assert "most that can" in await yard.refused(
        "edit_file", path="sparse", old_text="x", new_text="y"
    )


async def test_a_file_that_does_not_tell_its_size_is_read_whole() -> None:
    """As those of a system's own file systems, and one that grows meanwhile."""
    if sys.platform != "linux":
        missing("/proc", "Run this on Linux.")
    assert "VmRSS" in await FileSystem("/proc/self", read_only=True).read_file("status")


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"a\0b", b"\x80", "ä".encode()[:1], b"\xed\xa0\x80"]
)
async def test_what_is_no_text_is_read_as_base64(yard: Yard, content: bytes) -> None:
    (yard.root / "a.bin").write_bytes(content)
    assert "'base64'" in await yard.refused("read_file", path="a.bin")
    part = await yard.structured("read_file", path="a.bin", encoding="base64")
    assert base64.b64decode(part["content"]) == content
    given = base64.b64encode(content).decode()
    await yard.structured("write_file", path="b.bin", content=given, encoding="base64")
    assert (yard.root / "b.bin").read_bytes() == content


@pytest.mark.parametrize(
    ("content", "mime_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        (b"GIF89a rest", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
async def test_a_picture_is_shown(yard: Yard, content: bytes, mime_type: str) -> None:
    """By what is in it, not by its name."""
    await yard.files.write_file("picture.txt", content)
    result = await yard.call("read_file", path="picture.txt")
    said, image = result.content
    assert isinstance(said, Text)
    assert image == Image(content, mime_type)
    assert result.structured == {
        "path": "picture.txt",
        "encoding": "image",
        "size": len(content),
        "mime_type": mime_type,
        "truncated": False,
    }


async def test_a_picture_that_is_too_large_is_refused(tmp_path: Path) -> None:
    yard = yard_in(tmp_path, max_read_bytes=100)
    await yard.files.write_file("a.png", PNG)
    assert "too large to be shown" in await yard.refused("read_file", path="a.png")


@pytest.mark.parametrize(
    ("content", "old", "said"),
    [
        ("a b a", "a", "occurs 2 times"),
        ("aaa", "aa", "occurs 2 times"),
        ("a" * 50, "a", "occurs 50 times"),
        ("abc", "x", "occurs 0 times"),
        ("", "x", "occurs 0 times"),
        ("a\r\nb\r\n", "a\nb", r"lines end with '\\r\\n'"),
        ("abc", "b", "nothing to do"),
    ],
)
async def test_an_edit_that_is_not_unique_changes_nothing(
    yard: Yard, content: str, old: str, said: str
) -> None:
    await yard.files.write_file("a.txt", content.encode())
    with pytest.raises(ToolError, match=said):
        await yard.files.edit_file("a.txt", old, "b")
    assert (yard.root / "a.txt").read_bytes() == content.encode()


async def test_an_edit_keeps_all_other_bytes(yard: Yard) -> None:
    await yard.files.write_file("a", b"\xff\r\nold\r\n\0")
    await yard.files.edit_file("a", "old\r\n", "n\\1\n")
    assert (yard.root / "a").read_bytes() == b"\xff\r\nn\\1\n\0"


async def test_the_permissions_of_a_file_stay(yard: Yard) -> None:
    await yard.files.write_file("a.sh", "1")
    (yard.root / "a.sh").chmod(0o6751)
    await yard.files.edit_file("a.sh", "1", "2")
    assert (yard.root / "a.sh").stat().st_mode & 0o7777 == 0o751


async def tree(yard: Yard) -> None:
    for path in ("b/c/d.txt", "b/a.md", "a.md", "B.md", "b/c/e.md", "z.txt"):
        await yard.files.write_file(path, f"{path}\nfind me\nand find me\n")


async def test_a_directory_is_listed_alone_or_as_a_tree(yard: Yard) -> None:
    await tree(yard)
    assert names(await yard.structured("read_directory")) == ["B.md", "a.md", "b", "z.txt"]
    assert names(await yard.structured("read_directory", path="b")) == ["b/a.md", "b/c"]
    result = await yard.call("read_directory", path="b", recursive=True)
    assert result.text == "a.md  27\nc/\n  d.txt  30\n  e.md  29"
    await yard.files.create_directory("empty")
    assert (await yard.call("read_directory", path="empty")).text == "(empty)"


@pytest.mark.parametrize("limit", range(1, 10))
async def test_a_limited_tree_shows_the_nearest_and_says_that_there_is_more(
    yard: Yard, limit: int
) -> None:
    await tree(yard)
    listing = await yard.files.read_directory(recursive=True, limit=limit)
    nearest = ["B.md", "a.md", "b", "z.txt", "b/a.md", "b/c", "b/c/d.txt", "b/c/e.md"]
    assert {each.path for each in listing.entries} == set(nearest[:limit])
    assert listing.truncated == (limit < 8)


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("*.md", "a/b.md", True),
        ("*.md", "b.mdx", False),
        ("b.m?", "a/b.md", True),
        ("a/*.md", "a/b.md", True),
        ("a/*.md", "x/a/b.md", False),
        ("**/a/*", "x/y/a/b", True),
        ("**/b.md", "b.md", True),
        ("a/**", "a/x/y", True),
        ("a/**", "b/x", False),
        ("a/**/c", "a/c", True),
        ("a/**/c", "a/1/2/c", True),
        ("[ab].md", "a.md", False),
        ("*", "a/.hidden", True),
        ("", "a", False),
        ("a*b*c", "aXbXc", True),
        ("a*b*c", "aXbX", False),
        ("**", "a/b", True),
    ],
)
def test_a_pattern_fits(glob: str, path: str, fits: bool) -> None:
    assert Glob(glob).matches(path) == fits


@pytest.mark.parametrize("glob", ["*a" * 120 + "b", "?" * 201 + "*" * 300, "**/" * 60 + "x"])
def test_a_pattern_made_to_be_slow_is_not(glob: str) -> None:
    assert not Glob(glob).matches("/".join(["a" * 200] * 60))


async def test_files_are_found_by_name_and_lines_by_content(yard: Yard) -> None:
    await tree(yard)
    found = await yard.structured("search_files", path="b", glob="c/*.md")
    assert found["matches"] == [{"path": "b/c/e.md", "is_directory": False}]
    found = await yard.call("search_files", glob="d.*", content="find me")
    assert found.text == "b/c/d.txt:2: find me\nb/c/d.txt:3: and find me"
    assert (await yard.call("search_files", content=".*")).text == "(nothing found)"
    limited = await yard.files.search_files(content="find", limit=5)
    assert (len(limited.matches), limited.truncated) == (5, True)
    all_of_them = await yard.files.search_files(content="find", limit=12)
    assert (len(all_of_them.matches), all_of_them.truncated) == (12, False)


async def test_a_search_shortens_long_lines_and_passes_over_what_is_no_text(yard: Yard) -> None:
    await yard.files.write_file("a.txt", "x" * 1_000 + "needle" + "y" * 1_000 + "needle\n")
    await yard.files.write_file("b.bin", b"\0needle")
    (match,) = (await yard.files.search_files(content="needle")).matches
    assert match.line == 1
    assert match.text is not None
    assert len(match.text) <= 200
    assert "needle" in match.text


async def test_a_search_that_cannot_see_all_of_a_file_says_so(yard: Yard) -> None:
    await yard.files.write_file("a.txt", "x" * (4 * MIB))
    with (yard.root / "a.txt").open("a") as file:
        file.write("needle")
    found = await yard.files.search_files(content="needle")
    assert (found.matches, found.truncated) == ((), True)


async def test_read_only_offers_only_what_changes_nothing(tmp_path: Path) -> None:
    yard = yard_in(tmp_path, read_only=True)
    (yard.root / "a.txt").write_text("x")
    tools = await yard.files.list_tools(CallContext())
    assert [tool.name for tool in tools] == [
        "read_file",
        "get_file_metadata",
        "file_exists",
        "read_directory",
        "search_files",
    ]
    for call in (
        yard.files.write_file("a.txt", "y"),
        yard.files.append_file("a.txt", "y"),
        yard.files.edit_file("a.txt", "x", "y"),
        yard.files.create_directory("d"),
        yard.files.delete_file("a.txt"),
        yard.files.delete_directory("d"),
    ):
        with pytest.raises(ToolError, match="not changed"):
            await call
    with pytest.raises(UnknownName):
        await yard.call("delete_file", path="a.txt")
    assert await yard.files.read_file("a.txt") == "x"


async def test_every_tool_says_what_it_does_to_files(yard: Yard) -> None:
    hints = {
        tool.name: (tool.annotations.read_only, tool.annotations.destructive)
        for tool in await yard.files.list_tools(CallContext())
        if tool.annotations is not None
    }
    assert len(hints) == 11
    assert {name for name, (read_only, _) in hints.items() if read_only} == {
        "read_file", "get_file_metadata", "file_exists", "read_directory", "search_files",
    }  # fmt: skip
    assert {name for name, (_, destructive) in hints.items() if destructive} == {
        "write_file", "edit_file", "delete_file", "delete_directory",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"root": "/no/such/directory"}, "There is no directory"),
        ({"root": __file__}, "cannot be opened"),
        ({"root": "a\0b"}, "cannot be opened"),
        ({"root": 3.5}, "cannot be opened"),
        ({"max_read_bytes": 0}, "max_read_bytes must be"),
        ({"max_write_bytes": None}, "max_write_bytes must be"),
        ({"quota_bytes": -1}, "quota_bytes must be"),
        ({"max_files": "9"}, "max_files must be"),
        ({"max_files": True}, "max_files must be"),
        ({"read_only": "yes"}, "read_only must be"),
        ({"allowed_extensions": ".txt"}, "allowed_extensions is a list"),
        ({"denied_extensions": [1]}, "denied_extensions is a list"),
        ({"denied_extensions": None}, "denied_extensions is a list"),
        ({"confinement": "off"}, "auto, openat2 or walk"),
    ],
)
def test_an_option_that_cannot_be_is_refused(
    tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    given: dict[str, Any] = {"root": tmp_path, **options}
    with pytest.raises(ConfigError, match=said):
        FileSystem(**given)
