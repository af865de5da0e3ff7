"""Everything that can be done with files, in the thread that calls."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from toolyard.builtin_tools.filesystem.editing import edited
from toolyard.builtin_tools.filesystem.entry import FileEntry, FileListing, FileMatches
from toolyard.builtin_tools.filesystem.extensions import Extensions
from toolyard.builtin_tools.filesystem.path import checked
from toolyard.builtin_tools.filesystem.quota import Quota
from toolyard.builtin_tools.filesystem.reading import Bytes, Lines, read_bytes, read_lines
from toolyard.builtin_tools.filesystem.root import Confinement, Root
from toolyard.builtin_tools.filesystem.searching import Search, encoded
from toolyard.builtin_tools.filesystem.tree import Tree
from toolyard.builtin_tools.filesystem.writing import Writer
from toolyard.core.errors import ConfigError, ToolError

DEFAULT_LIMIT = 1_000
"""Entries of a directory, or matches of a search."""


@dataclass(frozen=True, slots=True)
class Options:
    """What `FileSystem` was configured with; it says what each one means."""

    read_only: bool
    allowed_extensions: Collection[str] | None
    denied_extensions: Collection[str]
    max_read_bytes: int
    max_write_bytes: int
    quota_bytes: int | None
    max_files: int | None
    confinement: Confinement

    def __post_init__(self) -> None:
        if type(self.read_only) is not bool:
            raise ConfigError(f"read_only must be true or false, not {self.read_only!r}.")
        for name in ("max_read_bytes", "max_write_bytes", "quota_bytes", "max_files"):
            value = getattr(self, name)
            if value is None and name in ("quota_bytes", "max_files"):
                continue
            if type(value) is not int or value < 1:
                raise ConfigError(f"{name} must be a whole number above 0, not {value!r}.")


class Files:
    """Reads and changes what is below a root; every method blocks, and checks its path first."""

    def __init__(self, root: str | os.PathLike[str], options: Options) -> None:
        self.options = options
        self.root = Root(root, options.confinement)
        extensions = Extensions(options.allowed_extensions, options.denied_extensions)
        self._tree = Tree(self.root, extensions)
        quota = Quota(options.quota_bytes, options.max_files)
        self._writer = Writer(self._tree, quota, options.max_write_bytes)

    def read_lines(self, path: str, start_line: int | None, end_line: int | None) -> Lines:
        """Some lines of a text file, as many whole ones as `max_read_bytes` hold."""
        start = 1 if start_line is None else start_line
        limit = self.options.max_read_bytes
        return read_lines(self._tree, checked(path), start, end_line, limit)

    def read_bytes(self, path: str) -> Bytes:
        """The first `max_read_bytes` of a file."""
        return read_bytes(self._tree, checked(path), self.options.max_read_bytes)

    def write(self, path: str, content: str | bytes) -> FileEntry:
        """Make a file of `content`."""
        return self._changing().write(checked(path), _data(content))

    def append(self, path: str, content: str | bytes) -> FileEntry:
        """Add `content` to the end of a file."""
        return self._changing().append(checked(path), _data(content))

    def edit(self, path: str, old_text: str, new_text: str) -> FileEntry:
        """Replace `old_text`, which must occur exactly once, by `new_text`."""
        change = partial(edited, old=encoded(old_text), new=encoded(new_text), path=path)
        return self._changing().edit(checked(path), change)

    def metadata(self, path: str) -> FileEntry:
        """What is known of a file or a directory."""
        return self._tree.entry(checked(path))

    def exists(self, path: str) -> bool:
        """Whether something is there that may be touched."""
        try:
            self.metadata(path)
        except ToolError:
            return False
        return True

    def listing(self, path: str, recursive: bool, limit: int) -> FileListing:
        """What may be touched in a directory."""
        return self._tree.listing(checked(path), recursive=recursive, limit=_positive(limit))

    def search(self, path: str, glob: str | None, content: str | None, limit: int) -> FileMatches:
        """What fits `glob` and holds `content`."""
        return Search(self._tree, checked(path), glob, content).run(_positive(limit))

    def create_directory(self, path: str) -> None:
        """Make a directory and those above it."""
        self._changing().make_directory(checked(path))

    def delete_file(self, path: str) -> None:
        """Delete one file."""
        self._changing().delete_file(checked(path))

    def delete_directory(self, path: str) -> None:
        """Delete a directory with all that is in it."""
        self._changing().delete_directory(checked(path))

    def sweep(self) -> None:
        """Delete what a killed process left of its last write, unless all is read-only."""
        if not self.options.read_only:
            self._writer.sweep()

    def _changing(self) -> Writer:
        if self.options.read_only:
            raise ToolError("These files can be read, but not changed.")
        return self._writer


def _data(content: str | bytes) -> bytes:
    return encoded(content) if isinstance(content, str) else content


def _positive(limit: int) -> int:
    if limit < 1:
        raise ToolError(f"The limit must be at least 1, not {limit}.")
    return limit
