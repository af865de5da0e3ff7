"""A root with everything in it that could lead out of it, and beside it what must not be seen."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from toolyard import CallContext, FileSystem, ToolCall
from toolyard.core.tool import ToolResult

BACK_ENDS: tuple[Literal["openat2", "walk"], ...] = ("openat2", "walk")
SECRET = "the secret beside the root"
INSIDE = "inside"


@dataclass(frozen=True)
class Yard:
    """A root, and a file system on it."""

    root: Path
    files: FileSystem

    async def call(self, tool: str, **arguments: Any) -> ToolResult:
        return await self.files.call_tool(ToolCall(tool, arguments), CallContext())

    async def structured(self, tool: str, **arguments: Any) -> Any:
        result = await self.call(tool, **arguments)
        assert not result.is_error, result.text
        return result.structured

    async def refused(self, tool: str, **arguments: Any) -> str:
        result = await self.call(tool, **arguments)
        assert result.is_error, result
        assert str(self.root.parent) not in result.text
        return result.text


def hostile_root(place: Path) -> Path:
    """`place/root`, with links, special files and second names in it."""
    root, outside = place / "root", place / "outside"
    for directory in (root / "dir" / "sub", outside, place / "root ", place / 'root"'):
        directory.mkdir(parents=True)
        (directory / "secret.txt").write_text(SECRET)
    for path in ("a.txt", "dir/b.txt", "dir/sub/c.txt"):
        (root / path).write_text(INSIDE)
    for directory in (root / "dir" / "sub", root):
        (directory / "secret.txt").unlink(missing_ok=True)
    (root / "file-link").symlink_to(outside / "secret.txt")
    (root / "relative-link").symlink_to("../outside/secret.txt")
    (root / "directory-link").symlink_to(outside)
    (root / "up-link").symlink_to("..")
    (root / "inner-link").symlink_to("a.txt")
    (root / "inner-directory-link").symlink_to("dir")
    (root / "loop-link").symlink_to("loop-link")
    (root / "dead-link").symlink_to(outside / "new.txt")
    (root / "proc-link").symlink_to("/proc/self/root")
    os.link(outside / "secret.txt", root / "hard-link")
    os.mkfifo(root / "fifo")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(root / "socket"))
    return root


def everything_in(directory: Path) -> Mapping[str, str]:
    """Each path below `directory` with what it is, for comparing before with after."""
    return {
        str(path.relative_to(directory)): (
            path.read_text()
            if path.is_file() and not path.is_symlink()
            else str(path.lstat().st_mode)
        )
        for path in directory.rglob("*")
    }
