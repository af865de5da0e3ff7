"""Landlock, with which a Linux process confines itself to a few paths.

The numbers are those of `linux/landlock.h`; https://docs.kernel.org/userspace-api/landlock.html
tells which version of the interface knows what.
"""

from __future__ import annotations

import ctypes
import os
import stat

from toolyard.builtin_tools.bash.broker import system
from toolyard.builtin_tools.bash.order import Landlock

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_TELL_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIRECTORY = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIRECTORY
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_TCP = 0b11
_SCOPE = 0b11

LEAST_VERSION = 3
"""Older ones let a file outside be cut short."""
SIGNAL_VERSION = 6
"""From here on, processes outside can be sent no signals."""


class _Attributes(ctypes.Structure):
    _fields_ = [
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    ]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("access", ctypes.c_uint64), ("directory", ctypes.c_int32)]


def version() -> int:
    """The version of the kernel's interface, 0 where there is none."""
    if not system.IS_LINUX:
        return 0
    try:
        return system.call(
            _CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_TELL_VERSION)
        )
    except OSError:
        return 0


def confine(rules: Landlock) -> None:
    """Confine this process, and all it starts, to `rules`; it must have renounced privileges."""
    known = version()
    files = (1 << (16 if known >= 5 else 15)) - 1
    attributes = _Attributes(files, 0 if rules.online else _TCP, _SCOPE)
    size = 24 if known >= SIGNAL_VERSION else 16 if known >= 4 else 8
    ruleset = system.call(
        _CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0)
    )
    for path in rules.readable:
        _permit(ruleset, path, _READ)
    for path in rules.writable:
        _permit(ruleset, path, files)
    system.call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    os.close(ruleset)


def _permit(ruleset: int, path: str, access: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            access &= _OF_FILES
        rule = _Beneath(access, descriptor)
        system.call(
            _ADD_RULE,
            ctypes.c_int(ruleset),
            ctypes.c_int(_PATH_BENEATH),
            ctypes.byref(rule),
            ctypes.c_uint32(0),
        )
    finally:
        os.close(descriptor)
