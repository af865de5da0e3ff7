"""A server running as a process of its own, from its start to its end."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Protocol

from benchmarks.conversation import ADD, Call, Conversation, Era
from benchmarks.machine import Cores
from benchmarks.pinned import pinned
from benchmarks.wire import BenchmarkError

START_S = 600.0
"""How long a server may take to its first good answer: 10,000 tools may need minutes."""
_POLL_S = 0.002


class Program(Protocol):
    """What can be started to serve the tools."""

    @property
    def name(self) -> str:
        """Its row in the tables."""
        ...

    @property
    def eras(self) -> Sequence[Era]:
        """Those it speaks, the first one to greet it with."""
        ...

    def command(self, port: int, token: str, tools: int) -> list[str]:
        """The command that serves so many tools, on a port, to the bearer of a token."""
        ...


class ServerProcess:
    """One program's server, ended when the block around it is left."""

    def __init__(self, peer: Program, cores: Cores, tools: int = 1, probe: Call = ADD) -> None:
        self.peer = peer
        self.probe = probe
        self.port = _free_port()
        self.token = secrets.token_hex(24)
        self._cores = cores
        self._tools = tools
        self.start_ms = 0.0
        """From the start of the process to its first good answer to a call."""
        self.first_rss_mb = 0.0
        """Memory right after that answer."""

    def __enter__(self) -> ServerProcess:
        command = self.peer.command(self.port, self.token, self._tools)
        started = time.perf_counter()
        with ExitStack() as stack:
            self._pinned = stack.enter_context(pinned(command, self._cores))
            self._wait_until_it_answers(started + START_S)
            self.start_ms = (time.perf_counter() - started) * 1000
            self.first_rss_mb = self.rss_mb()
            self._ending = stack.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ending.close()

    def cpu_s(self) -> float:
        """CPU time it has used so far."""
        return self._pinned.cpu_s()

    def rss_mb(self) -> float:
        """Memory it holds now."""
        return self._pinned.rss_mb()

    def _wait_until_it_answers(self, deadline: float) -> None:
        while time.perf_counter() < deadline:
            if self._pinned.has_ended:
                raise BenchmarkError(f"{self.peer.name} ended by itself:\n{self._pinned.said()}")
            if self._answers():
                return
            time.sleep(_POLL_S)
        raise BenchmarkError(f"{self.peer.name} did not answer within {START_S:g} s.")

    def _answers(self) -> bool:
        try:
            conversation = Conversation(self.port, self.token, self.peer.eras[0])
        except ConnectionRefusedError:
            return False
        conversation.check(self.probe)
        conversation.connection.close()
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
