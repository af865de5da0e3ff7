"""The arguments that make bubblewrap build a small machine around a command.

https://github.com/containers/bubblewrap explains each of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

ROOT = "/work"
"""Where a command finds the working directory."""
ACCOUNT = 65_534
"""What a command believes to be, as user and as group."""
_PROGRAMS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_CONFIGURATION = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime")
_FILTER, _PASSWD, _GROUP = 4, 5, 6
"""Descriptors at which bubblewrap finds what `data` gives."""
_SHARED_MEMORY_MODE = "1777"


@dataclass(frozen=True, slots=True)
class Inside:
    """What there is in the small machine."""

    program: str
    """Where `bwrap` is."""
    root: str
    readable: Sequence[str]
    network: bool
    temporary_bytes: int


def prefix(inside: Inside, directory: str) -> list[str]:
    """What stands before a command that starts in `directory` below the root."""
    start = ROOT if directory == "." else f"{ROOT}/{directory}"
    return [
        inside.program,
        *("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-uts"),
        *("--unshare-cgroup-try", "--disable-userns"),
        *(() if inside.network else ("--unshare-net",)),
        *("--uid", str(ACCOUNT), "--gid", str(ACCOUNT), "--cap-drop", "ALL"),
        *("--new-session", "--die-with-parent", "--hostname", "sandbox"),
        *("--seccomp", str(_FILTER)),
        *_system(),
        *("--ro-bind-data", str(_PASSWD), "/etc/passwd"),
        *("--ro-bind-data", str(_GROUP), "/etc/group"),
        *("--proc", "/proc", "--dev", "/dev"),
        *_own_space("/dev/shm", inside.temporary_bytes),
        *_own_space("/tmp", inside.temporary_bytes),
        *_read_only(inside.readable),
        *("--bind", inside.root, ROOT),
        # Both are in memory, and nothing limits what is written there.
        *("--remount-ro", "/dev", "--remount-ro", "/"),
        *("--chdir", start, "--"),
    ]


def data(seccomp: bytes) -> Mapping[int, bytes]:
    """What bubblewrap reads from descriptors: the filter, and who there is."""
    account = f"sandbox:x:{ACCOUNT}:{ACCOUNT}::{ROOT}:/bin/bash\n"
    return {
        _FILTER: seccomp,
        _PASSWD: account.encode(),
        _GROUP: f"sandbox:x:{ACCOUNT}:\n".encode(),
    }


def _system() -> Iterator[str]:
    """The system's programs, in the layout of this machine."""
    yield from ("--ro-bind", "/usr", "/usr")
    for path in _PROGRAMS:
        if os.path.islink(path):
            yield from ("--symlink", os.readlink(path), path)
        elif os.path.isdir(path):
            yield from ("--ro-bind", path, path)
    yield from _read_only(_CONFIGURATION)


def _read_only(paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        yield from ("--ro-bind-try", path, path)


def _own_space(path: str, size: int) -> tuple[str, ...]:
    return ("--perms", _SHARED_MEMORY_MODE, "--size", str(size), "--tmpfs", path)
