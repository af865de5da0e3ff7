"""A directory as tools: files are read, written, listed and searched, and it is never left."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from functools import partial
from typing import Self, TypeVar

from toolyard.builtin_tools.filesystem.entry import FileEntry, FileListing, FileMatches
from toolyard.builtin_tools.filesystem.files import DEFAULT_LIMIT, Files, Options
from toolyard.builtin_tools.filesystem.path import shown
from toolyard.builtin_tools.filesystem.root import Confinement
from toolyard.builtin_tools.filesystem.tools import MAX_THREADS, toolbox_of
from toolyard.core.errors import ToolError
from toolyard.core.threads import Threads
from toolyard.core.tool_owner import ToolOwner
from toolyard.core.toolbox import Toolbox

T = TypeVar("T")


class FileSystem(ToolOwner):
    """The files below one directory; in Python and as tools.

    Paths are relative to the root, with `/` between their parts. A symbolic link is never
    followed, and only directories and ordinary files with one name can be used: the system
    itself resolves each path below the root, which stays the directory that was opened first.
    Every method raises `ToolError` with a sentence that tells a model what to do instead.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        read_only: bool = False,
        allowed_extensions: Collection[str] | None = None,
        denied_extensions: Collection[str] = (),
        max_read_bytes: int = 1 << 20,
        max_write_bytes: int = 4 << 20,
        quota_bytes: int | None = None,
        max_files: int | None = None,
        confinement: Confinement = "auto",
    ) -> None:
        """Open `root`, which must be there; a relative one is below the current directory.

        Args:
            root: The directory; links on the way to it are followed, once.
            read_only: Offer only the tools that change nothing.
            allowed_extensions: Such as `[".txt", "md"]`, in any case; "" admits names without
                a dot. They hold for every operation, and for dot-files. `None` admits all.
            denied_extensions: Refused wherever they stand in a path: `.env` refuses `.env`,
                `a.env`, `a.env.txt` and everything in a directory `.env`.
            max_read_bytes: At most so much of a file is in one answer.
            max_write_bytes: The largest file that may be written, appended to or edited.
            quota_bytes: Of all files together. Counted anew before each write that needs room.
            max_files: Files and directories together, counted likewise.
            confinement: How paths are resolved: by `openat2` of Linux, by a `walk` that follows
                no link, or whichever is there; both refuse the same.

        Raises:
            ConfigError: The root is no directory, or another option is malformed.
        """
        options = Options(
            read_only,
            allowed_extensions,
            denied_extensions,
            max_read_bytes,
            max_write_bytes,
            quota_bytes,
            max_files,
            confinement,
        )
        self._files = Files(root, options)
        self._threads = Threads(MAX_THREADS)

    @property
    def confinement(self) -> Confinement:
        """What resolves the paths: `openat2` or `walk`."""
        return self._files.root.confinement

    async def read_file(
        self, path: str, *, start_line: int | None = None, end_line: int | None = None
    ) -> str:
        """The text of a file in UTF-8, or some of its lines, counted from 1.

        Raises:
            ToolError: Among others, it is no text, or larger than `max_read_bytes`.
        """
        lines = await self._run(self._files.read_lines, path, start_line, end_line)
        if lines.truncated:
            raise ToolError(
                f"{shown(path)} holds more than {self._files.options.max_read_bytes} bytes there: "
                "read fewer lines at a time."
            )
        return lines.text

    async def read_bytes(self, path: str) -> bytes:
        """All bytes of a file; `ToolError` if there are more than `max_read_bytes`."""
        content = await self._run(self._files.read_bytes, path)
        if content.truncated:
            raise ToolError(f"{shown(path)} has {content.size} bytes, which is too large to read.")
        return content.data

    async def write_file(self, path: str, content: str | bytes) -> FileEntry:
        """Make a file of `content`, replacing one that is there, and the directories above it.

        After a kill or on a full disk there is the old file or the new one, never a mix. When
        this returns, the disk has it.
        """
        return await self._run(self._files.write, path, content)

    async def append_file(self, path: str, content: str | bytes) -> FileEntry:
        """Add `content` to the end of a file, as safely; the file is made if it is not there."""
        return await self._run(self._files.append, path, content)

    async def edit_file(self, path: str, old_text: str, new_text: str) -> FileEntry:
        """Replace `old_text`, which must occur exactly once, by `new_text`, as safely."""
        return await self._run(self._files.edit, path, old_text, new_text)

    async def get_file_metadata(self, path: str) -> FileEntry:
        """What is known of a file or a directory."""
        return await self._run(self._files.metadata, path)

    async def get_file_size(self, path: str) -> int:
        """The bytes of a file; 0 for a directory."""
        return (await self.get_file_metadata(path)).size

    async def file_exists(self, path: str) -> bool:
        """Whether a file or directory is there that may be touched; `False` for any bad path."""
        return await self._run(self._files.exists, path)

    async def read_directory(
        self, path: str = ".", *, recursive: bool = False, limit: int = DEFAULT_LIMIT
    ) -> FileListing:
        """What may be touched in a directory, and with `recursive` in those below it.

        If there is more than `limit`, what is nearest to `path` is listed.
        """
        return await self._run(self._files.listing, path, recursive, limit)

    async def search_files(
        self,
        path: str = ".",
        *,
        glob: str | None = None,
        content: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> FileMatches:
        """The files below `path` whose names fit `glob` and whose lines hold `content`.

        Args:
            path: The directory to look in.
            glob: `*` and `?` stand for letters of a name, `**` for directories. Without a `/` it
                is for names in any directory, else for the path below `path`.
            content: A text as it stands, in the same case; gives each line that holds it.
            limit: Matches, at least 1.
        """
        return await self._run(self._files.search, path, glob, content, limit)

    async def create_directory(self, path: str) -> None:
        """Make a directory and those above it; nothing happens if it is there."""
        await self._run(self._files.create_directory, path)

    async def delete_file(self, path: str) -> None:
        """Delete one file."""
        await self._run(self._files.delete_file, path)

    async def delete_directory(self, path: str) -> None:
        """Delete a directory with all that is in it; the root itself is refused."""
        await self._run(self._files.delete_directory, path)

    async def __aenter__(self) -> Self:
        await self._run(self._files.sweep)
        return self

    def _make_toolbox(self) -> Toolbox:
        return toolbox_of(self._files)

    async def _run(self, function: Callable[..., T], *arguments: object) -> T:
        return await self._threads.run(partial(function, *arguments))
