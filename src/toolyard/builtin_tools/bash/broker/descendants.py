"""Finds and ends every process that comes from this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from functools import partial

from toolyard.builtin_tools.bash.broker.system import IS_LINUX

PATIENCE_S = 10.0
"""A killed process is gone at once, unless the system hangs."""
GLANCE_S = 0.001
_GLANCES = 4

_LISTING = ["/bin/ps", "-axEww" if sys.platform == "darwin" else "axeww", "-o"]
"""How `ps` shows every process with its environment."""
_ITSELF = " ".join(_LISTING).encode()


def end_all(marker: str) -> int:
    """Kill all descendants, until the kernel itself says that there are none; how many are left.

    On Linux an orphan comes back to us, so that "no child" means "no descendant". Elsewhere those
    who left are found by `marker`, a line of the environment that they were started with.
    """
    if IS_LINUX and _end_by_themselves():
        return 0
    deadline = time.monotonic() + PATIENCE_S
    find = below_us if IS_LINUX else partial(_elsewhere, marker)
    while has_children() or not IS_LINUX:
        found = kill(find, deadline)
        if not found and not has_children():
            return 0
        if time.monotonic() > deadline:
            return len(found) or 1
    return 0


def _end_by_themselves() -> bool:
    """Whether the last are gone in a moment: bubblewrap's sandbox ends just after bubblewrap."""
    for _ in range(_GLANCES):
        if not has_children():
            return True
        time.sleep(GLANCE_S / _GLANCES)
    return False


def kill(find: Callable[[], Iterable[int]], deadline: float) -> Collection[int]:
    """Kill all that are found, and give them a moment to be gone; which they were.

    First all are stopped, with those that they make meanwhile: what is stopped makes no more, and
    still counts against their limit, while each that is killed makes room for another.
    """
    stopped = set[int]()
    while running := set(find()) - stopped:
        send(running, signal.SIGSTOP)
        stopped |= running
        if time.monotonic() > deadline:
            break
    send(stopped, signal.SIGKILL)
    time.sleep(GLANCE_S)
    return stopped


def send(processes: Iterable[int], number: int) -> None:
    """Send a signal to each of those that are still there."""
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, number)


def has_children() -> bool:
    """Bury the children that have ended; whether others are left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def below_us(spared: Collection[int] = ()) -> list[int]:
    """All descendants but `spared` and theirs, from what `/proc` says of every process."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for name in os.listdir("/proc"):
        if name.isdigit():
            with (
                suppress(OSError, ValueError, IndexError),
                open(f"/proc/{name}/stat", "rb") as file,
            ):
                # The name before it is in brackets, and may hold any bytes.
                parent = file.read().rpartition(b")")[2].split()[1]
                children[int(parent)].append(int(name))
    children[os.getpid()] = [each for each in children[os.getpid()] if each not in spared]
    return _closure(children, [os.getpid()])


def _elsewhere(marker: str) -> list[int]:
    """Descendants, and those that carry `marker`, from what `ps` says."""
    listed = subprocess.run(
        [*_LISTING, "pid=,ppid=,command="],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    children: defaultdict[int, list[int]] = defaultdict(list)
    marked: list[int] = []
    for line in listed.stdout.splitlines():
        process, parent, command = ([*line.split(None, 2), b"", b"", b""])[:3]
        if process.isdigit() and parent.isdigit() and not command.startswith(_ITSELF):
            children[int(parent)].append(int(process))
            if marker.encode() in command:
                marked.append(int(process))
    return [*marked, *_closure(children, [os.getpid(), *marked])]


def _closure(children: dict[int, list[int]], ancestors: list[int]) -> list[int]:
    found: list[int] = []
    waiting = list(ancestors)
    while waiting:
        below = children.pop(waiting.pop(), [])
        found += below
        waiting += below
    return found
