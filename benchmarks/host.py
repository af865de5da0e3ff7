"""Something to ask in a process of its own, on the core of the load."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

from benchmarks.peers import ENVIRONMENT, ROOT

_END_S = 10.0


@contextmanager
def host(module: str) -> Generator[int]:
    """The port of `benchmarks.servers.MODULE`, which prints it and ends with its input."""
    command = [sys.executable, "-m", f"benchmarks.servers.{module}"]
    with subprocess.Popen(
        command, cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(_END_S)
