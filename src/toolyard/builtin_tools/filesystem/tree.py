"""Looking at what is below the root."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from heapq import nsmallest

from toolyard.builtin_tools.filesystem.entry import FileEntry, FileListing, entry_of
from toolyard.builtin_tools.filesystem.extensions import Extensions
from toolyard.builtin_tools.filesystem.faults import refuse_unusual, told
from toolyard.builtin_tools.filesystem.opening import CONTENT, DIRECTORY
from toolyard.builtin_tools.filesystem.path import is_usable
from toolyard.builtin_tools.filesystem.root import Root
from toolyard.core.errors import ToolError


@dataclass(frozen=True, slots=True)
class Tree:
    """The files and directories that may be touched: neither links nor anything special.

    Paths are checked already.
    """

    root: Root
    extensions: Extensions

    def entry(self, path: str) -> FileEntry:
        """What is told of `path`.

        Raises:
            ToolError: It is not there, or may not be touched.
        """
        return entry_of(path, self.status(path))

    def status(self, path: str) -> os.stat_result:
        """The same as the system says it."""
        self.extensions.refuse(path, is_directory=True)
        with told(path):
            try:
                status = self.root.status(path)
            except OSError:
                self.extensions.refuse(path)  # what may not be touched may be there or not
                raise
        if not stat.S_ISDIR(status.st_mode):
            self.extensions.refuse(path)
            refuse_unusual(path, status)
        return status

    @contextmanager
    def file(self, path: str) -> Generator[tuple[int, os.stat_result]]:
        """An ordinary file, open for reading."""
        self.extensions.refuse(path)
        with told(path), self.root.opened(path, CONTENT) as descriptor:
            status = os.fstat(descriptor)
            refuse_unusual(path, status)
            yield descriptor, status

    def listing(self, path: str, *, recursive: bool, limit: int) -> FileListing:
        """What is in `path`; what is nearest to it comes first if there is more than `limit`."""
        self.extensions.refuse(path, is_directory=True)
        entries: list[FileEntry] = []
        waiting = deque([path])
        while waiting and len(entries) <= limit:
            found = self._found(waiting.popleft(), limit + 1 - len(entries), first=not entries)
            entries += found
            if recursive:
                waiting.extend(each.path for each in found if each.is_directory)
        shown = sorted(entries[:limit], key=lambda each: each.path.split("/"))
        return FileListing(tuple(shown), truncated=len(entries) > limit)

    def below(self, path: str) -> Iterator[FileEntry]:
        """Everything in `path` and in the directories in it, one directory after the other."""
        waiting = deque([path])
        while waiting:
            here = waiting.popleft()
            for each in self._found(here, None, first=here == path):
                yield each
                if each.is_directory:
                    waiting.append(each.path)

    def _found(self, path: str, limit: int | None, *, first: bool) -> list[FileEntry]:
        """What is in one directory; one that went away since it was seen is empty."""
        try:
            with told(path):
                return self._visible(path, limit)
        except ToolError:
            if first:
                raise
            return []

    def _visible(self, path: str, limit: int | None) -> list[FileEntry]:
        with self.root.opened(path, DIRECTORY) as directory, os.scandir(directory) as found:
            seen = (each for each in found if self._is_visible(joined(path, each.name), each))
            chosen = sorted(seen, key=_name) if limit is None else nsmallest(limit, seen, key=_name)
            return [
                entry_of(joined(path, each.name), each.stat(follow_symlinks=False))
                for each in chosen
            ]

    def _is_visible(self, path: str, found: os.DirEntry[str]) -> bool:
        try:
            status = found.stat(follow_symlinks=False)  # kept by `found`
        except FileNotFoundError:
            return False
        is_directory = stat.S_ISDIR(status.st_mode)
        is_file = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
        if not (is_directory or is_file) or not is_usable(path):
            return False
        return self.extensions.admit(path, is_directory=is_directory)


def everything(root: Root) -> Iterator[tuple[str, os.stat_result]]:
    """All that is below the root, whether it may be touched or not, as far as it can be seen."""
    waiting = deque(["."])
    while waiting:
        here = waiting.popleft()
        for path, status in _listed(root, here):
            yield path, status
            if stat.S_ISDIR(status.st_mode):
                waiting.append(path)


def _listed(root: Root, path: str) -> list[tuple[str, os.stat_result]]:
    listed: list[tuple[str, os.stat_result]] = []
    with (
        suppress(OSError),
        root.opened(path, DIRECTORY) as directory,
        os.scandir(directory) as all_,
    ):
        for each in all_:
            with suppress(FileNotFoundError):
                listed.append((joined(path, each.name), each.stat(follow_symlinks=False)))
    return listed


def joined(directory: str, name: str) -> str:
    """The path of `name` in `directory`."""
    return name if directory == "." else f"{directory}/{name}"


def _name(found: os.DirEntry[str]) -> str:
    return found.name
