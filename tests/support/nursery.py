"""Processes that begin where loading ends: forks of one that has loaded what servers need.

To load the SDK takes a second of CPU, so that all these processes pay for one of them. A fork
then runs its program as Python would, from the first line to the interpreter's end.
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import IO, Self

ROOT = Path(__file__).resolve().parents[2]
LAUNCH = Path(__file__).with_name("launch.py")
LOADED = ("toolyard.servers.builder", "toolyard.servers.sdk_side", "toolyard.clients.mcp_client")


class Born:
    """A process; what tests use of it is as in `subprocess.Popen`."""

    def __init__(
        self, words: Sequence[str], report: socket.socket, stdin: int, stdout: int, stderr: int
    ) -> None:
        self.args = words
        self.returncode: int | None = None
        self.stdin: IO[str] = os.fdopen(stdin, "w", encoding="utf-8")
        self.stdout: IO[str] = os.fdopen(stdout, encoding="utf-8")
        self.stderr: IO[str] = os.fdopen(stderr, encoding="utf-8")
        self._report = report
        self.pid = self._heard(None)

    def _heard(self, timeout: float | None) -> int:
        self._report.settimeout(timeout)
        line = b""
        while not line.endswith(b"\n"):
            said = self._report.recv(1)
            if not said:
                raise EOFError("the nursery is gone")
            line += said
        return int(line)

    def poll(self) -> int | None:
        """The exit code, if it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended.

        Raises:
            subprocess.TimeoutExpired: It has not after `timeout` seconds.
        """
        if self.returncode is None:
            try:
                self.returncode = self._heard(timeout)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(BrokenPipeError):
            self.stdin.close()
        self.stdout.close()
        self.stderr.close()
        self.wait()
        self._report.close()


class Nursery:
    """Starts programs in Python; it ends with this process."""

    def __init__(self) -> None:
        directory = TemporaryDirectory()
        self._place = str(Path(directory.name, "socket"))
        usual = {name: os.environ[name] for name in os.environ if name != "PYTHONUNBUFFERED"}
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.nursery", self._place],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=usual,
            cwd=ROOT,
        )
        atexit.register(directory.cleanup)
        atexit.register(process.communicate)
        assert process.stdout is not None
        process.stdout.readline()

    def start(self, *words: str) -> Born:
        """Run `python WORDS`, the first of which is a file."""
        (stdin, ours), (theirs, stdout), (heard, stderr) = (os.pipe() for _ in range(3))
        report = socket.socket(socket.AF_UNIX)
        report.connect(self._place)
        socket.send_fds(report, [json.dumps(words).encode()], [stdin, stdout, stderr])
        for given in (stdin, stdout, stderr):
            os.close(given)
        return Born(words, report, ours, theirs, heard)

    def command(self, *words: str) -> Sequence[str]:
        """What does the same for those who want to start a process themselves.

        It has the environment of the nursery, and is the child of another process.
        """
        return (sys.executable, "-I", "-S", str(LAUNCH), self._place, *words)


@cache
def nursery() -> Nursery:
    """The one of this session."""
    return Nursery()


def main(place: str) -> None:
    """Fork for each program that is asked for, until standard input ends."""
    for name in LOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection would touch, and so copy, every page of memory in each fork
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        listener.listen(100)
        print("ready", flush=True)
        words = _words_of_next_child(listener)
    if words:
        sys.argv = words
        sys.path[0] = str(Path(words[0]).parent)
        runpy.run_path(words[0], run_name="__main__")


def _words_of_next_child(listener: socket.socket) -> list[str]:
    """Return in every child, with its words; here once it is over, with none."""
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        asked, given, _, _ = socket.recv_fds(connection, 1 << 16, 3)
        with suppress(ChildProcessError):  # there is none
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if os.fork() == 0:
            _bear(connection, given)
            return json.loads(asked)
        _close(connection, given)
    return []


def _bear(report: socket.socket, given: Sequence[int]) -> None:
    """Fork once more: the child goes on, and this process says how it ends."""
    pid = os.fork()
    if pid == 0:
        for standard, descriptor in enumerate(given):
            os.dup2(descriptor, standard)
        _close(report, given)
        return
    _close(None, given)
    with suppress(OSError):  # nobody wants to know
        report.sendall(b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        report.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _close(connection: socket.socket | None, given: Sequence[int]) -> None:
    if connection is not None:
        connection.close()
    for descriptor in given:
        os.close(descriptor)


if __name__ == "__main__":
    main(sys.argv[1])
