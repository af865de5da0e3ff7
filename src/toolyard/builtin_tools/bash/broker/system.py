"""What the standard library lacks of Linux: `prctl` and system calls by number."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from functools import cache
from typing import Any

IS_LINUX = sys.platform == "linux"

_SET_PDEATHSIG = 1
_SET_DUMPABLE = 4
_SET_SECCOMP = 22
_SET_CHILD_SUBREAPER = 36
_SET_NO_NEW_PRIVS = 38
_AMBIENT_CAPABILITIES, _CLEAR_ALL = 47, 4
_SECCOMP_MODE_FILTER = 2


@cache
def _library() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: Any) -> int:
    """The system call `number`; `OSError` if it fails."""
    function = _library().syscall
    function.restype = ctypes.c_long
    return _checked(function(ctypes.c_long(number), *arguments))


def _prctl(option: int, second: Any = 0, third: Any = None) -> None:
    _checked(
        _library().prctl(
            ctypes.c_int(option),
            ctypes.c_ulong(second),
            third or ctypes.c_ulong(0),
            ctypes.c_ulong(0),
            ctypes.c_ulong(0),
        )
    )


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def die_with_parent(number: int) -> None:
    """Have the kernel send us the signal `number` when our parent is gone."""
    _prctl(_SET_PDEATHSIG, number)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent is gone."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def hide_memory() -> None:
    """Let no process of the same account look into or trace this one."""
    _prctl(_SET_DUMPABLE, 0)


def renounce_privileges() -> None:
    """Give up, for all we start, what `sudo` and the like would grant, or our own starter did.

    What systemd calls `AmbientCapabilities` passes to every program; bubblewrap refuses to run so.
    """
    _prctl(_SET_NO_NEW_PRIVS, 1)
    with suppress(OSError):  # Linux before 4.3 knows none
        _prctl(_AMBIENT_CAPABILITIES, _CLEAR_ALL)


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def filter_calls(program: bytes) -> None:
    """Have the kernel judge all our further system calls with a compiled filter."""
    given = _Program(len(program) // 8, program)
    _prctl(_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(given))
