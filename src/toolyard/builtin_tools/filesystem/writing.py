"""Changing files and directories, one change at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from threading import Lock

from toolyard.builtin_tools.filesystem.entry import FileEntry
from toolyard.builtin_tools.filesystem.faults import refuse_unusual, told
from toolyard.builtin_tools.filesystem.lock import WriteLock
from toolyard.builtin_tools.filesystem.opening import DIRECTORY, step
from toolyard.builtin_tools.filesystem.path import MAX_DEPTH, shown
from toolyard.builtin_tools.filesystem.quota import Quota
from toolyard.builtin_tools.filesystem.reading import read_bytes
from toolyard.builtin_tools.filesystem.replacing import (
    leftovers,
    made,
    replace,
    sweep,
    synchronise,
)
from toolyard.builtin_tools.filesystem.tree import Tree
from toolyard.core.errors import ToolError


class Writer:
    """All that changes something below the root. Paths are checked already.

    Every file is written anew and takes the place of the old one, so `max_bytes` is the size of
    the largest file that may be written, appended to or edited.
    """

    def __init__(self, tree: Tree, quota: Quota, max_bytes: int) -> None:
        self._tree = tree
        self._root = tree.root
        self._quota = quota
        self._max_bytes = max_bytes
        self._lock = WriteLock(tree.root)
        self._starting = Lock()
        self._is_swept = False

    def sweep(self) -> None:
        """Delete, once, what a killed process left of its last write."""
        with self._starting:
            if self._is_swept:
                return
            left = leftovers(self._root)
            if left:
                with self._lock.held():  # nobody of ours is writing, and the names are random
                    sweep(self._root, left)
            self._is_swept = True

    def write(self, path: str, data: bytes) -> FileEntry:
        """Make `path` a file of `data`, with the directories above it."""
        with self._changing(path):
            return self._put(path, data, self._old(path))

    def append(self, path: str, data: bytes) -> FileEntry:
        """Add `data` to the end of `path`, which is made if it is not there."""
        with self._changing(path):
            old = self._old(path)
            before = b"" if old is None else self._content(path)
            return self._put(path, before + data, old)

    def edit(self, path: str, change: Callable[[bytes], bytes]) -> FileEntry:
        """Replace the content of `path` by what `change` makes of it."""
        with self._changing(path):
            content = self._content(path)
            return self._put(path, change(content), self._tree.status(path))

    def make_directory(self, path: str) -> None:
        """Make the directory `path` and those above it; nothing happens if it is there."""
        self._tree.extensions.refuse(path, is_directory=True)
        with self._changing(path):
            self._quota.refuse(self._root, 0, self._missing(path))
            with made(self._root, path):
                pass

    def delete_file(self, path: str) -> None:
        """Delete one file."""
        self._tree.extensions.refuse(path)
        with self._changing(path), self._root.parent(path, DIRECTORY) as (directory, name):
            refuse_unusual(path, os.stat(name, dir_fd=directory, follow_symlinks=False))
            os.unlink(name, dir_fd=directory)
            synchronise(directory)

    def delete_directory(self, path: str) -> None:
        """Delete a directory and all in it; of a link only the link, never what it leads to."""
        if path == ".":
            raise ToolError("The root itself stays: delete what is in it, by name.")
        self._tree.extensions.refuse(path, is_directory=True)
        with self._changing(path), self._root.parent(path, DIRECTORY) as (directory, name):
            self._refuse_protected(path, directory, name)
            _delete(directory, name)
            synchronise(directory)

    @contextmanager
    def _changing(self, path: str) -> Generator[None]:
        with told(path):
            self.sweep()
            with self._lock.held():
                yield

    def _old(self, path: str) -> os.stat_result | None:
        """The file that `path` is now, if any; `ToolError` if something else is there."""
        self._tree.extensions.refuse(path)
        try:
            status = self._root.status(path)
        except FileNotFoundError:
            return None
        refuse_unusual(path, status)
        return status

    def _content(self, path: str) -> bytes:
        content = read_bytes(self._tree, path, self._max_bytes)
        if content.truncated:
            raise self._too_large(path, content.size)
        return content.data

    def _put(self, path: str, data: bytes, old: os.stat_result | None) -> FileEntry:
        if len(data) > self._max_bytes:
            raise self._too_large(path, len(data))
        above, _, name = path.rpartition("/")
        new = 0 if old else 1 + self._missing(above or ".")
        self._quota.refuse(self._root, len(data) - (old.st_size if old else 0), new)
        with made(self._root, above or ".") as directory:
            replace(directory, name, data, old)
        return self._tree.entry(path)

    def _too_large(self, path: str, size: int) -> ToolError:
        return ToolError(
            f"{shown(path)} would have {size} bytes, and {self._max_bytes} are the most that can "
            "be written: divide it into several files."
        )

    def _missing(self, path: str) -> int:
        """How many directories must be made for `path` to be one."""
        parts = () if path == "." else path.split("/")
        for count in range(len(parts), 0, -1):
            with suppress(FileNotFoundError), self._root.opened("/".join(parts[:count]), DIRECTORY):
                return len(parts) - count
        return len(parts)

    def _refuse_protected(self, path: str, directory: int, name: str) -> None:
        """Raise `ToolError` if something in a directory must not be deleted, before anything is."""
        below = step(directory, name, DIRECTORY)
        try:
            self._look(path, below)
        finally:
            os.close(below)

    def _look(self, path: str, directory: int) -> None:
        if path.count("/") > 2 * MAX_DEPTH:
            raise ToolError("Something in it is nested too deeply: delete the inner ones first.")
        with os.scandir(directory) as found:
            for each in found:
                inner, is_directory = f"{path}/{each.name}", each.is_dir(follow_symlinks=False)
                if not self._tree.extensions.admit(inner, is_directory=is_directory):
                    raise ToolError(f"{shown(path)} holds files that may not be touched; it stays.")
                if is_directory:
                    self._refuse_protected(inner, directory, each.name)


def _delete(directory: int, name: str) -> None:
    below = step(directory, name, DIRECTORY)
    try:
        with os.scandir(below) as found:
            entries = [(each.name, each.is_dir(follow_symlinks=False)) for each in found]
        for inner, is_directory in entries:
            if is_directory:
                _delete(below, inner)
            else:
                os.unlink(inner, dir_fd=below)
    finally:
        os.close(below)
    os.rmdir(name, dir_fd=directory)
