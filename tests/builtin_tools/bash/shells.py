"""Shells to be tried, on every backend, and a look at what is left of their commands."""

import os
import shutil
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

from tests.support.missing import missing

from toolyard import Bash
from toolyard.builtin_tools.bash.account import OWN
from toolyard.builtin_tools.bash.broker import landlock
from toolyard.builtin_tools.bash.isolation import Backend

BACKENDS: tuple[Backend, ...] = get_args(Backend)
ISOLATED: tuple[Backend, ...] = ("bubblewrap", "landlock")
PYTHON = "/usr/bin/python3"
MARK = "TOOLYARD_TEST_MARK"


def shell(backend: Backend, root: Path | None = None, **options: Any) -> Bash:
    """A shell on `backend`; the test is skipped where there is none, which CI takes for a fault."""
    if backend == "bubblewrap" and shutil.which("bwrap") is None:
        missing("bubblewrap", "Install it with your system's packages.")
    if backend == "landlock" and landlock.version() < landlock.LEAST_VERSION:
        missing("Landlock", "It needs Linux 6.2 or newer.")
    return Bash(root, isolation="off" if backend == "none" else backend, **options)


@contextmanager
def place() -> Generator[Path]:
    """A directory to work in, which the account that commands of root have can reach and use."""
    made = Path(tempfile.mkdtemp(prefix="toolyard-test-")).resolve()
    try:
        hand_over(made)
        yield made
    finally:
        shutil.rmtree(made)


def hand_over(directory: Path) -> None:
    """Let it belong to whoever commands run as."""
    if os.geteuid() == 0:
        os.chown(directory, OWN, OWN)


def python(script: str) -> str:
    """A command that runs `script`."""
    if not Path(PYTHON).exists():
        missing("the system's Python", "Install python3 with your system's packages.")
    quoted = script.replace("'", "'\\''")
    return f"{PYTHON} -I -S -c '{quoted}'"


def living(mark: str) -> list[str]:
    """The processes whose arguments or environment hold `mark`."""
    found: list[str] = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                told = Path("/proc", name, "cmdline").read_bytes()
                told += Path("/proc", name, "environ").read_bytes()
            except OSError:
                continue
            if mark.encode() in told:
                found.append(f"{name}: {told[:200]!r}")
    return found


def none_lives(mark: str, patience_s: float = 5.0) -> bool:
    """Whether no process with `mark` is there, at once or soon; 0 means at once."""
    deadline = time.monotonic() + patience_s
    while living(mark):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True
