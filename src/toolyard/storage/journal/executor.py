"""Who executes a run: a name by which others on this machine see whether it is dead."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from secrets import token_hex

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PROCESSES = Path("/proc/self/ns/pid")


def new_owner() -> str:
    """A name that nobody else has, with this process in it."""
    pid = os.getpid()
    return f"{_machine()}/{pid}/{_started(pid) or ''}/{token_hex(8)}"


def is_dead(owner: str) -> bool:
    """Whether `owner` is surely a process of this machine that is gone."""
    machine, pid, started, _ = owner.split("/")
    if not started or not machine or machine != _machine():
        return False
    return _started(int(pid)) != started


@cache
def _machine() -> str:
    """This boot of the machine, and which of its processes we see; empty if that is not told."""
    try:
        # Containers of one machine have the same boot but their own numbers of processes.
        return f"{_BOOT_ID.read_text().strip()}-{_PROCESSES.readlink()}"
    except OSError:
        return ""


def _started(pid: int) -> str | None:
    """When a process was started, in ticks since the boot; `None` if there is none."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *rest = said.rpartition(")")[2].split()  # what comes before may hold spaces
    return None if state in "ZX" else rest[18]
