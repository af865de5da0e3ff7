"""A real Redis or Valkey of our own for the tests that need one."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.install import find_valkey
from tests.support.missing import missing
from tests.support.process import free_port

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


@dataclass
class Redis:
    """A server on a port of this machine that keeps what it has in `directory`."""

    directory: Path
    options: Sequence[str] = DURABLE
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None
    program: str = field(default_factory=lambda: redis_program())

    @property
    def url(self) -> str:
        """Where it is, as redis-py reads it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        fixed = ("--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", ".")
        self.process = subprocess.Popen(
            [self.program, *fixed, *self.options],
            cwd=self.directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while not self._answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise TimeoutError("The server does not answer.")
            time.sleep(0.02)

    @contextmanager
    def running(self) -> Generator[None]:
        """Start it, and end it with the block."""
        self.start()
        try:
            yield
        finally:
            if self.process is not None and self.process.poll() is None:
                self.process.kill()
                self.process.wait(10)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send it a signal; wait for its end if that is one."""
        assert self.process is not None
        self.process.send_signal(number)
        if number in (signal.SIGKILL, signal.SIGTERM):
            self.process.wait(10)

    def ask(self, *words: str) -> bytes:
        """What it answers to a command."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as link:
            sent = "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
            link.sendall(f"*{len(words)}\r\n{sent}".encode())
            return link.recv(65_536)

    def _answers(self) -> bool:
        try:
            return self.ask("PING") == b"+PONG\r\n"
        except OSError:
            return False


def redis_program() -> str:
    """Redis, or the end of the test."""
    found = shutil.which("redis-server")
    if found is None:
        missing("redis-server", "Run `python tests/support/install.py` as root.")
    return found


def valkey_program() -> str:
    """Valkey, or the end of the test."""
    found = find_valkey()
    if found is None:
        missing("valkey-server", "Run `python tests/support/install.py`.")
    return found


@contextmanager
def redis(directory: Path, *options: str) -> Generator[Redis]:
    """A server that ends with the block."""
    server = Redis(directory, options or DURABLE)
    with server.running():
        yield server


@contextmanager
def valkey(directory: Path) -> Generator[Redis]:
    """The same of Valkey, durable."""
    server = Redis(directory, program=valkey_program())
    with server.running():
        yield server
