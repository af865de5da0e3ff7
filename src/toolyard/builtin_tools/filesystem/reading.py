"""Reading a file: as text, by lines, as bytes, as a picture."""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from dataclasses import dataclass
from io import BufferedReader

from toolyard.builtin_tools.filesystem.path import shown
from toolyard.builtin_tools.filesystem.tree import Tree
from toolyard.core.errors import ToolError

MAX_SKIPPED_BYTES = 256 << 20
"""How far into a file its lines are counted."""
_STEP = 64 << 10


@dataclass(frozen=True, slots=True)
class Bytes:
    """The beginning of a file, or all of it."""

    data: bytes
    size: int
    """Of the whole file, in bytes."""
    truncated: bool

    @property
    def mime_type(self) -> str | None:
        """The kind of picture it is, if it is one."""
        if self.data[:4] == b"RIFF" and self.data[8:12] == b"WEBP":
            return "image/webp"
        kinds = (each for each in _PICTURES if self.data.startswith(each))
        return next((_PICTURES[each] for each in kinds), None)


_PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines of a text file, each with its end as it stands there."""

    text: str
    size: int
    start_line: int
    end_line: int
    """The last one in `text`; below `start_line` if there is none."""
    truncated: bool


def read_bytes(tree: Tree, path: str, limit: int) -> Bytes:
    """The first `limit` bytes of a file."""
    with tree.file(path) as (descriptor, status):
        data = _beginning(_stream(descriptor), limit + 1, status.st_size)
    return Bytes(data[:limit], max(status.st_size, len(data)), truncated=len(data) > limit)


def read_lines(tree: Tree, path: str, start: int, end: int | None, limit: int) -> Lines:
    """The lines from `start` to `end`, counted from 1, as many whole ones as `limit` bytes hold."""
    if start < 1:
        raise ToolError(f"Lines are counted from 1: there is no line {start}.")
    if end is not None and end < start:
        raise ToolError(f"end_line {end} is before start_line {start}: give a later one.")
    with tree.file(path) as (descriptor, status):
        stream = _stream(descriptor)
        _skip(stream, start - 1, path)
        if end is None:
            data = _beginning(stream, limit + 1, status.st_size)
        else:
            data = _taken(stream, end - start + 1, limit + 1)
    return lines_of(Bytes(data[:limit], status.st_size, len(data) > limit), path, start)


def lines_of(content: Bytes, path: str, start: int = 1) -> Lines:
    """The whole lines in `content`, which begins with the line `start`."""
    data = content.data
    if content.truncated:
        data = data[: data.rfind(b"\n") + 1] or data
    lines = data.count(b"\n") + (data[-1:] not in (b"", b"\n"))
    text = _text(data, path, content.truncated)
    return Lines(text, content.size, start, start + lines - 1, content.truncated)


def _stream(descriptor: int) -> BufferedReader:
    return os.fdopen(descriptor, "rb", closefd=False)


def _skip(stream: BufferedReader, lines: int, path: str) -> None:
    left, skipped = lines, 0
    while left:
        piece = stream.readline(_STEP)
        skipped += len(piece)
        if not piece:
            raise ToolError(f"{shown(path)} has only {lines - left} whole lines before its end.")
        if skipped > MAX_SKIPPED_BYTES:
            raise ToolError(f"Line {lines + 1} of {shown(path)} is too far from its beginning.")
        left -= piece.endswith(b"\n")


def _beginning(stream: BufferedReader, most: int, size: int) -> bytes:
    """At most `most` bytes, of a file that had `size` a moment ago."""
    data = stream.read(min(most, size + 1))
    return data if len(data) <= size else data + stream.read(most - len(data))


def _taken(stream: BufferedReader, lines: int, most: int) -> bytes:
    taken = bytearray()
    while lines and len(taken) < most:
        piece = stream.readline(most - len(taken))
        if not piece:
            break
        taken += piece
        lines -= piece.endswith(b"\n")
    return bytes(taken)


def _text(data: bytes, path: str, truncated: bool) -> str:
    try:
        if b"\0" not in data:
            decoder = getincrementaldecoder("utf-8")()  # bears a letter that is cut
            return decoder.decode(data) if truncated else data.decode()
    except UnicodeDecodeError:
        pass
    raise ToolError(f"{shown(path)} is not a text in UTF-8: read it with encoding 'base64'.")
