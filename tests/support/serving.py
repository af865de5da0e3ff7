"""The `toolyard` command, started as a user would start it."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.process import free_port, running

COMMAND = str(Path(sys.executable).with_name("toolyard"))
"""The `toolyard` of the environment that runs the tests."""
TOKEN = "a-token-for-the-tests"


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers: where, and the token it wants."""

    url: str
    token: str = TOKEN

    @property
    def authorization(self) -> str:
        """The value of the Authorization header."""
        return f"Bearer {self.token}"


def over_stdio(kind: str) -> list[str]:
    """The command that serves `kind` to a host over standard input and output."""
    return [COMMAND, "serve", kind, "--stdio"]


@contextmanager
def serving(kind: str) -> Generator[Served]:
    """Serve `kind` with `TOKEN` on a free port of the loopback while the block runs."""
    port = free_port()
    with running([COMMAND, "serve", kind, "--port", str(port), "--token", TOKEN]) as server:
        server.answers(f"http://127.0.0.1:{port}/healthz")
        yield Served(f"http://127.0.0.1:{port}/mcp")
