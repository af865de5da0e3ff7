"""Processes that begin where loading ends: forks of one that has loaded what they need.

To load the SDK takes a second of CPU, so that a file with many processes pays for one of them.
A fork then runs the program as Python would, from its first line to the interpreter's end.
"""

import gc
import importlib
import json
import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
SERVER = ("toolyard.servers.builder", "toolyard.servers.sdk_side")
"""What a server loads, with the SDK."""


class Born:
    """A process; what tests use of it is as in `subprocess.Popen`."""

    def __init__(self, words: Sequence[str], streams: Sequence[int], report: socket.socket) -> None:
        self.args = words
        self.returncode: int | None = None
        stdin, stdout, stderr = streams
        self.stdin = os.fdopen(stdin, "w", encoding="utf-8")
        self.stdout = os.fdopen(stdout, encoding="utf-8")
        self.stderr = os.fdopen(stderr, encoding="utf-8")
        self._report = report
        self.pid = self._heard(None)

    def _heard(self, timeout: float | None) -> int:
        self._report.settimeout(timeout)
        return int(self._report.recv(100))

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
        self.send_signal(9)

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
    """Starts programs in Python."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def start(self, *words: str) -> Born:
        """Run `python WORDS`, where the first is a file."""
        (stdin, to_stdin), (from_stdout, stdout), (from_stderr, stderr) = (
            os.pipe() for _ in range(3)
        )
        ours, theirs = socket.socketpair(type=socket.SOCK_DGRAM)
        given = [stdin, stdout, stderr, theirs.detach()]
        socket.send_fds(self._control, [json.dumps(words).encode()], given)
        for each in given:
            os.close(each)
        return Born(words, [to_stdin, from_stdout, from_stderr], ours)


@contextmanager
def nursery(*modules: str, environment: Mapping[str, str] = os.environ) -> Generator[Nursery]:
    """A nursery whose processes have loaded `modules`."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "tests.support.nursery", str(theirs.fileno()), *modules]
    with (
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=environment,
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
        ),
        ours,  # closed first, which ends the process
    ):
        theirs.close()
        yield Nursery(ours)


def main() -> None:
    """Fork for each program that is asked for, until nobody can ask any more."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection would touch, and so copy, every page of memory in each fork
    while True:
        asked, given, _, _ = socket.recv_fds(control, 1 << 16, 4)
        with suppress(ChildProcessError):  # there is none
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not asked:
            return
        if os.fork() == 0:
            control.close()
            _bear(given)
            break
        for each in given:
            os.close(each)
    sys.argv = json.loads(asked)
    sys.path[0] = str(Path(sys.argv[0]).parent)
    runpy.run_path(sys.argv[0], run_name="__main__")


def _bear(given: Sequence[int]) -> None:
    """Fork once more: the child goes on, and this process says how it ends."""
    *streams, report = given
    pid = os.fork()
    if pid == 0:
        for standard, descriptor in enumerate(streams):
            os.dup2(descriptor, standard)
        for each in given:
            os.close(each)
        return
    for each in streams:
        os.close(each)
    os.write(report, b"%d" % pid)
    _, status = os.waitpid(pid, 0)
    with suppress(OSError):  # nobody wants to know
        os.write(report, b"%d" % os.waitstatus_to_exitcode(status))
    os._exit(0)


if __name__ == "__main__":
    main()
