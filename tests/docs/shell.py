"""A shell in which the commands of a page are typed, one after another."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support.process import Running, free_port, running

PORT = "8080"
"""The port in every document; here it is a free one."""
ENDED = "-- ended with"
SCRIPTS = str(Path(sys.executable).parent)


class Shell:
    """Types commands as they are written, but for the port."""

    def __init__(self, process: Running) -> None:
        self._process = process
        self.port = free_port()

    def types(self, command: str) -> str:
        """What `command` writes to standard output; it must succeed."""
        self._process.send(f"{self._here(command)} < /dev/null")
        self._process.send(f"code=$?; echo; echo {ENDED} $code")
        written: list[str] = []
        while ENDED not in (line := self._process.line(timeout_s=60)):
            written.append(line)
        assert line == f"{ENDED} 0", (command, self._process.output)
        return "\n".join(written)

    def serves(self, command: str) -> None:
        """Start a server with `command` and wait until it answers."""
        self._process.send(f"{self._here(command)} < /dev/null >&2 &")
        self._process.answers(f"http://127.0.0.1:{self.port}/readyz")

    def _here(self, command: str) -> str:
        return command.partition("  #")[0].replace(PORT, str(self.port))


@contextmanager
def shell(directory: Path) -> Generator[Shell]:
    """A shell in `directory` whose `toolyard` is the one that is tested."""
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
    with running(["bash"], environment={"PATH": path}, directory=directory) as process:
        yield Shell(process)
