"""Finding files by name and by content, within a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

from toolyard.builtin_tools.filesystem.entry import FileEntry, FileMatch, FileMatches
from toolyard.builtin_tools.filesystem.glob import Glob
from toolyard.builtin_tools.filesystem.reading import read_bytes
from toolyard.builtin_tools.filesystem.tree import Tree
from toolyard.core.errors import ToolError

MAX_SEARCHED_BYTES = 4 << 20
"""How much of one file is searched."""
MAX_SEARCH_S = 10.0
_MAX_TEXT = 200
_BINARY = 8_192
"""A NUL within so many bytes means that a file is no text."""


class Search:
    """One search below a directory; plain text and patterns only, so it takes linear time."""

    def __init__(self, tree: Tree, path: str, glob: str | None, content: str | None) -> None:
        if not glob and not content:
            raise ToolError("Say what to search: a glob such as '*.md', a content, or both.")
        self._tree = tree
        self._path = path
        self._glob = Glob(glob) if glob else None
        self._content = encoded(content) if content else None
        self._until = time.monotonic() + MAX_SEARCH_S
        self._is_cut = False

    def run(self, limit: int) -> FileMatches:
        """The first `limit` matches."""
        self._tree.extensions.refuse(self._path, is_directory=True)
        found = list(islice(self._matches(), limit + 1))
        return FileMatches(tuple(found[:limit]), self._is_cut or len(found) > limit)

    def _matches(self) -> Iterator[FileMatch]:
        for entry in self._tree.below(self._path):
            if time.monotonic() > self._until:
                self._is_cut = True
                return
            if self._glob is not None and not self._glob.matches(self._within(entry.path)):
                continue
            if self._content is None:
                yield FileMatch(entry.path, entry.is_directory)
            elif not entry.is_directory:
                yield from self._lines(entry, self._content)

    def _within(self, path: str) -> str:
        return path if self._path == "." else path[len(self._path) + 1 :]

    def _lines(self, entry: FileEntry, wanted: bytes) -> Iterator[FileMatch]:
        try:
            content = read_bytes(self._tree, entry.path, MAX_SEARCHED_BYTES)
        except ToolError:  # it went away, or may not be read
            return
        data = content.data
        if b"\0" in data[:_BINARY]:
            return
        self._is_cut = self._is_cut or content.truncated
        line, counted, place = 1, 0, data.find(wanted)
        while place >= 0:
            line += data.count(b"\n", counted, place)
            counted = place
            yield FileMatch(entry.path, False, line, _line(data, place))
            end = data.find(b"\n", place + len(wanted) - 1)  # once for each line
            place = -1 if end < 0 else data.find(wanted, end + 1)


def encoded(text: str) -> bytes:
    """`text` in UTF-8; `ToolError` if it cannot be."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ToolError("The text holds half of a surrogate pair: leave that out.") from None


def _line(data: bytes, place: int) -> str:
    """The line around `place`, or its part from there if it is long."""
    near = max(0, place - _MAX_TEXT // 2)
    start = max(near, data.rfind(b"\n", near, place) + 1)
    end = data.find(b"\n", place, place + 4 * _MAX_TEXT)
    line = data[start : end if end >= 0 else place + 4 * _MAX_TEXT].decode(errors="replace")
    return line.rstrip("\r")[:_MAX_TEXT]
