"""Paths and arguments that try to get out, on both ways in which paths are resolved."""

import contextlib
import os
from pathlib import Path
from typing import Any

import pytest
from tests.builtin_tools.files import BACK_ENDS, INSIDE, SECRET, Yard, everything_in, hostile_root
from tests.support.missing import missing

from toolyard import FileSystem, InvalidArguments
from toolyard.builtin_tools.filesystem.opening import PASSAGE, has_openat2, openat2, walk
from toolyard.builtin_tools.filesystem.root import Confinement

MALFORMED = [
    "",
    "/",
    "/etc/passwd",
    "//etc/passwd",
    "..",
    "../",
    "../outside/secret.txt",
    "../root/a.txt",
    "dir/../a.txt",
    "dir/..",
    "dir/../../outside/secret.txt",
    "./a.txt",
    "a.txt/.",
    "dir/./b.txt",
    "dir//b.txt",
    "dir/",
    "a.txt/",
    "...//...//outside",
    "..\\outside\\secret.txt",
    "dir\\b.txt",
    "C:\\Windows",
    "\\\\host\\share",
    "file:///etc/passwd",
    "a.txt\0",
    "a.txt\0.png",
    "\0",
    "../\0",
    "a\nb",
    "a\r",
    "\x1b[2J",
    "a\x7f",
    "a\x85",
    "x" * 4097,
    "ä" * 2049,
    "/".join("d" * 65),
    ".toolyard-0123456789abcdef.tmp",
    "dir/.toolyard-0123456789abcdef.tmp",
    ".toolyard-0123456789abcdef.tmp/a.txt",
]
"""Refused for what they are, before the system is asked."""
UNUSABLE = [
    "file-link",
    "relative-link",
    "directory-link",
    "directory-link/secret.txt",
    "up-link",
    "up-link/outside/secret.txt",
    "up-link/root/a.txt",
    "inner-link",
    "inner-directory-link/b.txt",
    "loop-link",
    "loop-link/a.txt",
    "dead-link",
    "proc-link",
    "proc-link/etc/passwd",
    "hard-link",
    "fifo",
    "socket",
    "a.txt/b.txt",
    "fifo/b.txt",
    "x" * 256,
    "dir/" + "x" * 256,
]
"""Well formed, but what stands there is not to be touched."""
ABSENT = [
    "root",
    "outside/secret.txt",
    " a.txt",
    "a.txt ",
    "a.txt.",
    '"a.txt"',
    "'a.txt'",
    "A.TXT",
    "~",
    "~/a.txt",
    "~root/.ssh/id_rsa",
    "$HOME/a.txt",
    "%2e%2e/outside/secret.txt",
    "..%2foutside/secret.txt",
    "..;/outside",
    "\uff0e\uff0e/outside",
    "\u2025/outside",
    "file:a.txt",
    "-rf",
    "--help",
    "*",
    "a.*",
    "a.txt;id",
    "$(id)",
    "`id`",
    "a.txt|cat",
    "{a.txt}",
    "... ",
    "....",
    "CON",
    "{path}",
]
"""Names like others, which nobody trims, expands or decodes; there is nothing under them."""
ON_PATHS: list[tuple[str, dict[str, Any]]] = [
    ("read_file", {}),
    ("read_file", {"encoding": "base64"}),
    ("read_file", {"start_line": 1}),
    ("write_file", {"content": "x"}),
    ("append_file", {"content": "x"}),
    ("edit_file", {"old_text": INSIDE, "new_text": "x"}),
    ("get_file_metadata", {}),
    ("read_directory", {}),
    ("read_directory", {"recursive": True}),
    ("create_directory", {}),
    ("delete_file", {}),
    ("delete_directory", {}),
    ("search_files", {"glob": "*"}),
]


def yard_in(place: Path, confinement: Confinement) -> Yard:
    with contextlib.chdir(place):  # the address of a socket must be short
        root = hostile_root(place)
    made = Yard(root, FileSystem(root, confinement=confinement))
    assert made.files.confinement == confinement
    return made


@pytest.fixture(params=BACK_ENDS)
def yard(request: pytest.FixtureRequest, tmp_path: Path) -> Yard:
    return yard_in(tmp_path, request.param)


@pytest.fixture(scope="module", params=BACK_ENDS)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """One for many paths, none of which changes what the others meet."""
    return yard_in(tmp_path_factory.mktemp("shared"), request.param)


async def refused(yard: Yard, tool: str, path: str, given: dict[str, Any]) -> None:
    try:
        said = await yard.refused(tool, path=path, **given)
    except InvalidArguments as refusal:
        said = str(refusal)
    assert SECRET not in said


@pytest.mark.parametrize("path", [*MALFORMED, *UNUSABLE], ids=lambda path: ascii(path)[:40])
async def test_a_path_that_leads_elsewhere_is_refused_by_every_tool(
    shared: Yard, path: str
) -> None:
    before = everything_in(shared.root.parent)

    for tool, given in ON_PATHS:
        await refused(shared, tool, path, given)

    assert everything_in(shared.root.parent) == before
    assert not await shared.files.file_exists(path)


@pytest.mark.parametrize("path", ABSENT, ids=lambda path: ascii(path)[:40])
async def test_a_path_is_used_as_it_stands(shared: Yard, path: str) -> None:
    for tool, given in ON_PATHS:
        if tool not in ("write_file", "append_file", "create_directory"):
            await refused(shared, tool, path, given)
    assert not await shared.files.file_exists(path)

    await shared.files.write_file(path, "new")

    assert (shared.root / path).read_text() == "new"
    assert await shared.files.read_file(path) == "new"
    assert await shared.files.file_exists(path)
    await shared.files.delete_file(path)


@pytest.mark.parametrize("path", ["\udcff", "a\ud800.txt"], ids=ascii)
async def test_half_of_a_surrogate_pair_is_refused(yard: Yard, path: str) -> None:
    for tool, given in ON_PATHS:
        await refused(yard, tool, path, given)
    assert not await yard.files.file_exists(path)


async def test_the_root_itself_is_listed_but_neither_read_nor_replaced_nor_deleted(
    yard: Yard,
) -> None:
    for tool in ("read_file", "write_file", "append_file", "edit_file", "delete_file"):
        given = dict(ON_PATHS[5][1]) if tool == "edit_file" else {}
        given |= {"content": "x"} if tool in ("write_file", "append_file") else {}
        assert "is a directory" in await yard.refused(tool, path=".", **given)
    assert "root itself stays" in await yard.refused("delete_directory", path=".")
    assert (await yard.files.get_file_metadata(".")).name == "."
    assert (yard.root / "a.txt").read_text() == INSIDE


async def test_what_cannot_be_used_is_neither_listed_nor_found(yard: Yard) -> None:
    (yard.root / "a\nb").write_text(INSIDE)
    os.close(os.open(os.fsencode(yard.root) + b"/\xff", os.O_CREAT | os.O_WRONLY))
    (yard.root / ".toolyard-0123456789abcdef.tmp").write_text(INSIDE)

    listing = await yard.files.read_directory(recursive=True)
    found = await yard.files.search_files(glob="*")
    lines = await yard.files.search_files(content="s")

    usable = ["a.txt", "dir", "dir/b.txt", "dir/sub", "dir/sub/c.txt"]
    assert [each.path for each in listing.entries] == usable
    assert sorted(each.path for each in found.matches) == usable
    assert sorted(each.path for each in lines.matches) == ["a.txt", "dir/b.txt", "dir/sub/c.txt"]


async def test_deleting_a_directory_deletes_links_and_not_where_they_lead(yard: Yard) -> None:
    for name in ("file-link", "directory-link", "up-link", "fifo", "hard-link"):
        (yard.root / name).rename(yard.root / "dir" / name)

    await yard.files.delete_directory("dir")

    assert not (yard.root / "dir").exists()
    assert (yard.root.parent / "outside" / "secret.txt").read_text() == SECRET
    assert (yard.root / "a.txt").exists()


async def test_a_link_where_a_file_is_written_is_not_written_through(yard: Yard) -> None:
    """Also when it appears after the look: renaming replaces a link, and follows none."""
    await yard.refused("write_file", path="dead-link", content="x")
    await yard.refused("write_file", path="directory-link/new.txt", content="x")
    await yard.refused("create_directory", path="directory-link/new")
    assert sorted(os.listdir(yard.root.parent / "outside")) == ["secret.txt"]


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("read_file", {}),
        ("read_file", {"path": None}),
        ("read_file", {"path": 1}),
        ("read_file", {"path": ["a.txt"]}),
        ("read_file", {"path": {"a": 1}}),
        ("read_file", {"path": "a.txt", "start_line": 0}),
        ("read_file", {"path": "a.txt", "start_line": -1}),
        ("read_file", {"path": "a.txt", "start_line": 1.5}),
        ("read_file", {"path": "a.txt", "start_line": 10**30}),
        ("read_file", {"path": "a.txt", "start_line": True}),
        ("read_file", {"path": "a.txt", "encoding": "utf-16"}),
        ("read_file", {"path": "a.txt", "root": "/"}),
        ("write_file", {"path": "a.txt"}),
        ("write_file", {"path": "a.txt", "content": 1}),
        ("write_file", {"path": "a.txt", "content": "x", "mode": 511}),
        ("edit_file", {"path": "a.txt", "old_text": "", "new_text": "x"}),
        ("read_directory", {"limit": 0}),
        ("read_directory", {"limit": 10**9}),
        ("read_directory", {"recursive": "yes"}),
        ("search_files", {"glob": "*" * 1_001}),
        ("search_files", {"content": "x" * 10_001}),
        ("search_files", {"content": "x", "limit": "all"}),
        ("delete_directory", {"path": "x" * 5_000}),
    ],
)
async def test_an_argument_that_the_schema_does_not_have_is_refused(
    yard: Yard, tool: str, given: dict[str, Any]
) -> None:
    with pytest.raises(InvalidArguments):
        await yard.call(tool, **given)
    assert (yard.root / "a.txt").read_text() == INSIDE


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("read_file", {"path": "a.txt", "start_line": 3}, "has only"),
        ("read_file", {"path": "a.txt", "start_line": 5, "end_line": 2}, "is before start_line"),
        ("read_file", {"path": "a.txt", "start_line": 1, "encoding": "base64"}, "for text only"),
        ("write_file", {"path": "n", "content": "%", "encoding": "base64"}, "not valid base64"),
        ("write_file", {"path": "n", "content": "ä", "encoding": "base64"}, "not valid base64"),
        ("search_files", {}, "Say what to search"),
        ("search_files", {"path": "a.txt", "glob": "*"}, "is a file and not a directory"),
        ("read_directory", {"path": "a.txt"}, "is a file and not a directory"),
        ("read_directory", {"path": "nowhere"}, "There is no 'nowhere'"),
        ("create_directory", {"path": "a.txt"}, "is a file and not a directory"),
        ("delete_directory", {"path": "a.txt"}, "is a file and not a directory"),
        ("delete_file", {"path": "dir"}, "is a directory and not a file"),
        ("write_file", {"path": "dir", "content": "x"}, "is a directory and not a file"),
        ("write_file", {"path": "a.txt/b", "content": "x"}, "is a file and not a directory"),
        ("read_file", {"path": "inner-link"}, "links are not followed"),
        ("read_file", {"path": "hard-link"}, "second name"),
        ("read_file", {"path": "fifo"}, "not an ordinary file"),
        ("read_file", {"path": "socket"}, "not an ordinary file"),
        ("get_file_metadata", {"path": "inner-directory-link/b.txt"}, "links are not followed"),
    ],
)
async def test_a_refusal_tells_what_to_do_instead(
    yard: Yard, tool: str, given: dict[str, Any], said: str
) -> None:
    assert said in await yard.refused(tool, **given)


def test_both_ways_open_the_same_and_nothing_else(yard: Yard) -> None:
    root = os.open(yard.root, PASSAGE)
    try:
        assert has_openat2(root)
        for path in ("a.txt", "dir", "dir/sub/c.txt", *UNUSABLE):
            assert _outcome(openat2, root, path) == _outcome(walk, root, path), path
    finally:
        os.close(root)


def _outcome(opener: Any, root: int, path: str) -> Any:
    try:
        opened = opener(root, path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        return error.errno
    status = os.fstat(opened)
    os.close(opened)
    return status.st_ino


async def test_devices_are_refused(yard: Yard) -> None:
    try:
        os.mknod(yard.root / "null", 0o20666, os.makedev(1, 3))
    except PermissionError:
        missing("permission to make a device", "Run the tests as root.")
    for tool, given in ON_PATHS:
        await refused(yard, tool, "null", given)


async def test_the_root_stays_when_its_name_leads_elsewhere(yard: Yard) -> None:
    yard.root.rename(yard.root.with_name("moved"))
    yard.root.symlink_to(yard.root.with_name("outside"))

    assert await yard.files.read_file("a.txt") == INSIDE
    assert not await yard.files.file_exists("secret.txt")
