"""What the system refuses, as sentences for a model; none tells where the root is."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Generator, Mapping
from contextlib import contextmanager

from toolyard.builtin_tools.filesystem.path import shown
from toolyard.core.errors import ToolError

_ROOM = "is too little room on the disk; no file was changed. Delete something or write less."
_SAID: Mapping[int, str] = {
    errno.ENOENT: "There is no {path}: look with read_directory or search_files.",
    errno.ENOTDIR: "A part of {path} is a file and not a directory.",
    errno.EISDIR: "{path} is a directory and not a file.",
    errno.ELOOP: "A part of {path} is a symbolic link, and links are not followed.",
    errno.EXDEV: "{path} leads out of the root.",
    errno.EEXIST: "{path} is there already.",
    errno.ENOTEMPTY: "{path} got new files while it was being deleted; try again.",
    errno.ENAMETOOLONG: "A name in {path} is too long: use at most 255 bytes.",
    errno.EACCES: "The server is not permitted to do this with {path}.",
    errno.EPERM: "The server is not permitted to do this with {path}.",
    errno.EROFS: "{path} is on a disk that cannot be written.",
    errno.EBUSY: "{path} is in use by the system; leave it.",
    errno.ENXIO: "{path} is not an ordinary file; only those and directories can be used.",
    errno.ENOSPC: f"For {{path}} there {_ROOM}",
    errno.EDQUOT: f"For {{path}} there {_ROOM}",
    errno.EFBIG: "{path} would become too large for the disk; no file was changed.",
    errno.EMFILE: "The server has too many files open; try again later.",
    errno.ENFILE: "The server has too many files open; try again later.",
    errno.EAGAIN: "{path} is being changed by others; try again.",
}


@contextmanager
def told(path: str) -> Generator[None]:
    """Let `OSError` be a `ToolError` about `path`."""
    try:
        yield
    except OSError as error:
        said = _SAID.get(error.errno or 0)
        if said is None:
            said = f"{{path}} cannot be used: {os.strerror(error.errno or errno.EIO)}."
        raise ToolError(said.format(path=shown(path))) from error


def refuse_unusual(path: str, status: os.stat_result) -> None:
    """Raise `ToolError` unless `path` is an ordinary file with one name only."""
    if stat.S_ISREG(status.st_mode):
        if status.st_nlink > 1:
            raise ToolError(
                f"{shown(path)} has a second name somewhere (a hard link), so it cannot be used."
            )
        return
    if stat.S_ISDIR(status.st_mode):
        raise ToolError(_SAID[errno.EISDIR].format(path=shown(path)))
    if stat.S_ISLNK(status.st_mode):
        raise ToolError(_SAID[errno.ELOOP].format(path=shown(path)))
    raise ToolError(_SAID[errno.ENXIO].format(path=shown(path)))
