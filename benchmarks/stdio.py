"""Calls over standard input and output, through bare pipes."""

from __future__ import annotations

import itertools
import json
import select
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from statistics import median

from benchmarks import environments
from benchmarks.conversation import ADD, ERAS, HELLO, NAMES, Era, with_envelope
from benchmarks.machine import Cores
from benchmarks.peers import FASTMCP, SDK, TOOLYARD
from benchmarks.pinned import pinned
from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.serving import ADDING, TOOLYARD_COMMAND
from benchmarks.table import Metric, Table, Values
from benchmarks.wire import WAIT_S, BenchmarkError

METRICS = (Metric("p50_us", "p50 µs"), Metric("p99_us", "p99 µs"), Metric("cpu_us", "CPU µs"))
_RECEIVE_BYTES = 64 * 1024
_WARM_UP = 50
_SHARE = 0.5
"""Of a usual stretch of load, for one row."""


class PipedServer:
    """A server of one era on pipes, greeted; ended when the block around it is left."""

    def __init__(self, command: Sequence[str], era: Era, cores: Cores) -> None:
        self.era: Era = era
        self._command = command
        self._cores = cores
        self._ids = itertools.count(1)
        self._received = b""

    def __enter__(self) -> PipedServer:
        with ExitStack() as stack:
            self._pinned = stack.enter_context(pinned(self._command, self._cores, pipes=True))
            self._greet()
            self._ending = stack.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ending.close()

    def cpu_s(self) -> float:
        """CPU time it has used so far."""
        return self._pinned.cpu_s()

    def call(self) -> float:
        """Seconds that a call took, its answer read as JSON not among them."""
        line = self._line("tools/call", with_envelope(self.era, ADD.params), next(self._ids))
        started = time.perf_counter()
        answer = self._exchange(line)
        took = time.perf_counter() - started
        if json.loads(answer).get("result", {}).get("structuredContent") != ADD.answer:
            raise BenchmarkError(f"A call failed: {answer[:600]!r}")
        return took

    def _greet(self) -> None:
        if self.era == "legacy":
            self._exchange(self._line("initialize", HELLO, next(self._ids)))
            self._send(self._line("notifications/initialized", {}, None))

    def _line(self, method: str, params: Mapping[str, object], number: int | None) -> bytes:
        numbered = {} if number is None else {"id": number}
        message = {"jsonrpc": "2.0", **numbered, "method": method, "params": params}
        return json.dumps(message).encode() + b"\n"

    def _exchange(self, line: bytes) -> bytes:
        self._send(line)
        source = self._pinned.process.stdout
        assert source is not None
        until = time.monotonic() + WAIT_S
        while b"\n" not in self._received:
            if not select.select([source], [], [], max(0.0, until - time.monotonic()))[0]:
                raise BenchmarkError(f"{self._command[0]} did not answer within {WAIT_S} s.")
            part = source.read(_RECEIVE_BYTES)
            if not part:
                raise BenchmarkError(f"{self._command[0]} ended by itself:\n{self._pinned.said()}")
            self._received += part
        answer, _, self._received = self._received.partition(b"\n")
        return answer

    def _send(self, line: bytes) -> None:
        assert self._pinned.process.stdin is not None
        self._pinned.process.stdin.write(line)


def measure_stdio(plan: Plan) -> list[Table]:
    """One call after the other, in both eras."""
    return [_measured(plan, era) for era in ERAS]


def commands(plan: Plan) -> dict[str, Sequence[str]]:
    """How each server that is there is started, as its own documents say."""
    known: dict[str, Sequence[str]] = {
        TOOLYARD: (*TOOLYARD_COMMAND, "serve", ADDING, "--stdio", "--quiet"),
        SDK: (sys.executable, "-m", "benchmarks.servers.sdk_stdio"),
        FASTMCP: (str(environments.FASTMCP.python), "-m", "benchmarks.servers.fastmcp_stdio"),
    }
    return {peer.name: known[peer.name] for peer in plan.peers if peer.name in known}


def _measured(plan: Plan, era: Era) -> Table:
    table = Table(f"stdio/{era}", f"Calls over stdio, {NAMES[era]}", SDK, METRICS)
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(PipedServer(command, era, plan.cores))
            for name, command in commands(plan).items()
        }
        for number in rounds(plan.amount.call_rounds, plan.amount):
            plan.say(f"{table.title}, round {number + 1} of {plan.amount.call_rounds}")
            taken = {
                name: _values(server, plan.amount.call_s * _SHARE)
                for name, server in in_turn(list(servers.items()), number)
            }
            table.rounds.append({name: taken[name] for name in servers})
    return table


def _values(server: PipedServer, seconds: float) -> Values:
    for _ in range(_WARM_UP):
        server.call()
    took: list[float] = []
    until, used = time.perf_counter() + seconds, server.cpu_s()
    while not took or time.perf_counter() < until:
        took.append(server.call())
    cpu_s = server.cpu_s() - used
    return {
        "p50_us": median(took) * 1e6,
        "p99_us": sorted(took)[int(len(took) * 0.99)] * 1e6,
        "cpu_us": cpu_s / len(took) * 1e6,
    }
