"""Commands that tests start: each has a deadline, and none outlives its test."""

import http.client
import os
import queue
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]

HEARERS: list[Callable[[Sequence[str], bool, str], None]] = []
"""Told what commands write: which command, whether to standard error, and the text."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ended, and everything it said."""

    code: int
    output: str
    errors: str

    def __str__(self) -> str:
        return f"exit code {self.code}\n{self.output}\n{self.errors}".strip()


def run(
    command: Sequence[str],
    *,
    timeout_s: float = 30,
    environment: Mapping[str, str] | None = None,
    directory: Path = ROOT,
) -> Finished:
    """Run `command` to its end; `environment` is added to this process's.

    Raises:
        TimeoutError: It took more than `timeout_s`; it and what it started were killed.
    """
    with _start(command, environment, directory) as process:
        try:
            output, errors = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            _end(process, grace_s=0)
            said = "\n".join(process.communicate())
            raise TimeoutError(f"{command[0]} took more than {timeout_s:g} s:\n{said}") from None
        finally:
            _end(process)
    _tell(command, False, output)
    _tell(command, True, errors)
    return Finished(process.returncode, output, errors)


@contextmanager
def running(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    directory: Path = ROOT,
) -> Generator["Running"]:
    """Start `command`, and end it and everything it started when the block ends."""
    process = _start(command, environment, directory)
    started = Running(command, process)
    try:
        yield started
    finally:
        _end(process)
        started.close()


class Running:
    """A started command: what it has said so far, and a way to talk to it."""

    def __init__(self, command: Sequence[str], process: subprocess.Popen[str]) -> None:
        self._command = command
        self._process = process
        self._said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        assert process.stdout is not None
        assert process.stderr is not None
        self._listeners = [
            threading.Thread(target=self._listen, args=heard, daemon=True)
            for heard in ((process.stdout, self._lines), (process.stderr, None))
        ]
        for listener in self._listeners:
            listener.start()

    @property
    def output(self) -> str:
        """Everything said so far, standard output and error in the order they were read."""
        return "".join(self._said)

    @property
    def is_over(self) -> bool:
        """Whether the command and whatever it started with its output are gone."""
        return not any(listener.is_alive() for listener in self._listeners)

    def send(self, line: str) -> None:
        """Write `line` to the command's standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def line(self, pattern: str = "", *, timeout_s: float = 20) -> str:
        """The next line of standard output in which `pattern` is found; skips the others.

        Raises:
            TimeoutError: No such line came in time, or the output ended; with what was said.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                line = self._lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise TimeoutError(f"No line with {pattern!r}. It said:\n{self.output}")
            if re.search(pattern, line):
                return line

    def answers(self, url: str, *, timeout_s: float = 20) -> None:
        """Wait until `url` answers, whatever the status.

        Raises:
            TimeoutError: It did not in time, or the command ended; with what it said.
        """
        deadline = time.monotonic() + timeout_s
        while not _answers(url):
            ended = _wait(self._process, 0.02)
            if ended:
                self._hear_the_rest()
            if ended or time.monotonic() > deadline:
                raise TimeoutError(f"{url} does not answer. The server said:\n{self.output}")

    def close(self) -> None:
        """Close the pipes to a process that has ended.

        Raises:
            RuntimeError: Something it started lives on, out of reach of its group.
        """
        self._hear_the_rest()
        if not self.is_over:
            raise RuntimeError(f"{self._process.args} left something running.")
        with self._process:
            pass

    def _hear_the_rest(self) -> None:
        for listener in self._listeners:
            listener.join(5)

    def _listen(self, stream: IO[str], lines: "queue.Queue[str | None] | None") -> None:
        for line in stream:
            self._said.append(line)
            _tell(self._command, lines is None, line)
            if lines is not None:
                lines.put(line.rstrip("\n"))
        if lines is not None:
            lines.put(None)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _tell(command: Sequence[str], is_error: bool, text: str) -> None:
    for hear in HEARERS:
        hear(command, is_error, text)


def _start(
    command: Sequence[str], environment: Mapping[str, str] | None, directory: Path
) -> subprocess.Popen[str]:
    # What someone has set for a server of their own must not change what a test sees.
    inherited = {name: value for name, value in os.environ.items() if name[:9] != "TOOLYARD_"}
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env={**inherited, **(environment or {})},
        cwd=directory,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[str], *, grace_s: float = 5) -> None:
    """Ask the whole process group to stop, and kill what is left of it."""
    _signal(process, signal.SIGTERM)
    _wait(process, grace_s)
    _signal(process, signal.SIGKILL)
    _wait(process, 5)


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    # A new session makes the process the leader of a group of its own, with its own id.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _wait(process: subprocess.Popen[str], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        connection.request("GET", parts.path or "/")
        connection.getresponse().close()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
