"""What is told about files."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_LAST_S = 253_402_300_799
"""The end of the year 9999, after which ISO 8601 has no common form."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file or a directory."""

    name: str
    path: str
    """Below the root, with `/` between its parts."""
    size: int
    """In bytes; 0 for a directory."""
    is_directory: bool
    modified: str
    """ISO 8601 in UTC, to the second: `2026-11-25T15:08:11Z`."""


@dataclass(frozen=True, slots=True)
class FileListing:
    """Entries sorted by path, a directory before what is in it."""

    entries: Sequence[FileEntry]
    truncated: bool
    """There is more than was asked for."""


@dataclass(frozen=True, slots=True)
class FileMatch:
    """A file or directory that a search found, or a line in a file."""

    path: str
    is_directory: bool = False
    line: int | None = None
    """Counted from 1; only where the content was searched."""
    text: str | None = None
    """That line, shortened if it is long."""


@dataclass(frozen=True, slots=True)
class FileMatches:
    """What a search found."""

    matches: Sequence[FileMatch]
    truncated: bool
    """The search ended before it had seen everything."""


def entry_of(path: str, status: os.stat_result) -> FileEntry:
    """What is told of `path`; the root has no name but `.`."""
    is_directory = stat.S_ISDIR(status.st_mode)
    seconds = min(max(status.st_mtime_ns // 10**9, 0), _LAST_S)
    return FileEntry(
        name=path.rpartition("/")[2],
        path=path,
        size=0 if is_directory else status.st_size,
        is_directory=is_directory,
        modified=datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
