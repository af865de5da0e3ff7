"""Opening a path below a directory: by the kernel, never upwards, never through a link."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import sys
from collections.abc import Callable
from functools import cache

Opener = Callable[[int, str, int], int]
"""Takes a directory's descriptor, a relative path and flags; gives a new descriptor.

The path has no empty, `.` or `..` part, or is `.` as a whole. Raises `OSError`, with `ELOOP` where
a part of the path is a symbolic link.
"""

PASSAGE: int = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
"""Flags for a directory that is only gone through; macOS has no `O_PATH`."""
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
"""Flags for a directory that is listed or synchronised."""
CONTENT = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""Flags for a file that is read: a FIFO or a terminal must not hold us up or take us over."""

_OPENAT2 = 437
_NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x02, 0x04, 0x08
_RESOLVE = _NO_MAGICLINKS | _NO_SYMLINKS | _BENEATH
_TRIES = 100


class _How(ctypes.Structure):
    """`struct open_how` of Linux."""

    _fields_ = [
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    ]


@cache
def _syscall() -> Callable[..., int]:
    function = ctypes.CDLL(None, use_errno=True).syscall
    function.restype = ctypes.c_long
    function.argtypes = (
        ctypes.c_long,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_void_p,
        ctypes.c_size_t,
    )
    return function


def openat2(directory: int, path: str, flags: int) -> int:
    """Let Linux 5.6 or newer resolve the whole path in one call."""
    how = _How(flags, 0, _RESOLVE)
    number = errno.EAGAIN
    for _ in range(_TRIES):  # EAGAIN: something was renamed meanwhile
        opened = _syscall()(
            _OPENAT2, directory, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how)
        )
        if opened >= 0:
            return opened
        number = ctypes.get_errno()
        if number not in (errno.EAGAIN, errno.EINTR):
            break
    raise OSError(number, os.strerror(number))


def walk(directory: int, path: str, flags: int) -> int:
    """Go through the path part by part, following no link."""
    *passed, last = path.split("/")
    held = directory
    try:
        for name in passed:
            below = step(held, name, PASSAGE)
            if held != directory:
                os.close(held)
            held = below
        return step(held, last, flags)
    finally:
        if held != directory:
            os.close(held)


def step(directory: int, name: str, flags: int) -> int:
    """Open what stands directly in `directory`, unless it is a link."""
    try:
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=directory)
    except NotADirectoryError:  # what a link gives where a directory is asked for
        if stat.S_ISLNK(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
        raise


def has_openat2(directory: int) -> bool:
    """Whether the kernel has `openat2` and keeps its promise, as seen at `directory`.

    Older kernels do not have it, and some containers forbid it.
    """
    if sys.platform != "linux":
        return False
    try:
        os.close(openat2(directory, ".", PASSAGE))
    except (OSError, AttributeError):
        return False
    try:
        os.close(openat2(directory, "..", PASSAGE))
    except OSError as error:
        return error.errno == errno.EXDEV
    return False
