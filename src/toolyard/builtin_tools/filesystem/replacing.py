"""A file that is either the old one or the new one, whatever happens."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress

from toolyard.builtin_tools.filesystem.opening import DIRECTORY, step
from toolyard.builtin_tools.filesystem.path import TEMPORARY
from toolyard.builtin_tools.filesystem.root import Root
from toolyard.builtin_tools.filesystem.tree import everything

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def replace(directory: int, name: str, data: bytes, old: os.stat_result | None) -> None:
    """Put a file with `data` at `name`; it and its name are on the disk when this returns.

    It is written beside the old one and takes its place by one renaming, which follows no link.
    Owner and permissions stay those of `old`, where the system lets us.
    """
    temporary = f".toolyard-{secrets.token_hex(8)}.tmp"
    private = 0o666 if old is None else 0o600  # until it has the permissions of the old one
    descriptor = os.open(temporary, _NEW, private, dir_fd=directory)
    try:
        try:
            _fill(descriptor, data, old)
        finally:
            os.close(descriptor)
        os.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:  # whatever it was, nothing half is left
        with suppress(OSError):
            os.unlink(temporary, dir_fd=directory)
        raise
    synchronise(directory)


def _fill(descriptor: int, data: bytes, old: os.stat_result | None) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    if old is not None:
        with suppress(PermissionError):
            os.fchown(descriptor, old.st_uid, old.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode) & 0o777)
    os.fsync(descriptor)


def synchronise(directory: int) -> None:
    """Bring the names in `directory` to the disk, where the file system can."""
    try:
        os.fsync(directory)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


@contextmanager
def made(root: Root, path: str) -> Generator[int]:
    """The directory `path`, with all above it, made if it is not there."""
    directory = root.open(".", DIRECTORY)
    try:
        for name in () if path == "." else path.split("/"):
            below = _made(directory, name)
            os.close(directory)
            directory = below
        yield directory
    finally:
        os.close(directory)


def _made(directory: int, name: str) -> int:
    try:
        os.mkdir(name, dir_fd=directory)
    except FileExistsError:
        pass
    else:
        synchronise(directory)
    return step(directory, name, DIRECTORY)


def leftovers(root: Root) -> list[str]:
    """The files that looked as if they were being written when they were passed."""
    return [
        path
        for path, status in everything(root)
        if TEMPORARY.fullmatch(path.rpartition("/")[2]) and stat.S_ISREG(status.st_mode)
    ]


def sweep(root: Root, paths: list[str]) -> None:
    """Delete `paths`, which nobody can be writing any more."""
    for path in paths:
        with suppress(OSError), root.parent(path) as (directory, name):
            os.unlink(name, dir_fd=directory)
