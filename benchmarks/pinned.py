"""A process on the core of the servers, from its start to its end."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from benchmarks.environments import ROOT
from benchmarks.machine import Cores, cpu_s_of, rss_mb_of
from benchmarks.peers import ENVIRONMENT

STOP_S = 15.0


@dataclass(frozen=True)
class Pinned:
    """The process, and what it said."""

    process: subprocess.Popen[bytes]
    _output: IO[bytes]

    @property
    def has_ended(self) -> bool:
        """Whether it ended by itself."""
        return self.process.poll() is not None

    def cpu_s(self) -> float:
        """CPU time it has used so far."""
        return cpu_s_of(self.process.pid)

    def rss_mb(self) -> float:
        """Memory it holds now."""
        return rss_mb_of(self.process.pid)

    def said(self) -> str:
        """The end of what it said, but for what went through pipes."""
        self._output.seek(0)
        return self._output.read()[-2000:].decode(errors="replace")


@contextmanager
def pinned(command: Sequence[str], cores: Cores, *, pipes: bool = False) -> Generator[Pinned]:
    """`command`, told to end when the block is left: by a signal, or by the end of its input.

    With `pipes` it is spoken with through them, without a buffer.
    """
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipes else output,
            stderr=output,
            bufsize=0,
        )
        try:
            if cores.apart:
                os.sched_setaffinity(process.pid, {cores.server})
            yield Pinned(process, output)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is None:
        process.terminate()
    else:
        process.stdin.close()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_S)
    if process.stdout is not None:
        process.stdout.close()
