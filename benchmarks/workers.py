"""A server with two workers beside one with one, where the load shares the cores with them."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks.conversation import ADD, Call
from benchmarks.machine import usable_cores
from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.server_process import ServerProcess
from benchmarks.serving import ADDING, WORKERS, Serve, lacking
from benchmarks.table import Metric, Table, Values
from benchmarks.wrk import lacks_wrk, load

ONE, TWO = "1 worker", "2 workers"
CONNECTIONS = 32
EVALUATING = "workers/calculator"
"""The table that the goal is about: what people deploy, and what leaves the load little to do."""
PLACE = "two cores for servers and load"
METRICS = (
    Metric("rate", "calls/s", more_is_better=True),
    Metric("p50_ms", "p50 ms"),
    Metric("p99_ms", "p99 ms"),
)


@dataclass(frozen=True)
class Work:
    """What the servers of one table do."""

    key: str
    name: str
    kind: str
    call: Call

    @property
    def table(self) -> Table:
        """Its table, still without rounds."""
        title = f"Workers, {self.name}, modern era, {CONNECTIONS} connections, {PLACE}"
        return Table(self.key, title, ONE, METRICS)


EVALUATION = Call("calculator", {"expression": "sqrt(16) + 2 * pi"}, {"result": 10.283185307179586})
WORKS = (
    Work("workers", "`add`", ADDING, ADD),
    Work(EVALUATING, "`serve calculator`", "calculator", EVALUATION),
)


def measure_workers(plan: Plan) -> list[Table]:
    """Calls per second; a call that fails ends the measurement with an error."""
    if reason := _lacking():
        tables = [work.table for work in WORKS]
        for table in tables:
            table.missing |= {ONE: reason, TWO: reason}
        return tables
    with _two_cores():
        return [_measured(work, plan) for work in WORKS]


def _measured(work: Work, plan: Plan) -> Table:
    table = work.table
    programs = [Serve(work.kind, (WORKERS, name[0]), name) for name in (ONE, TWO)]
    with ExitStack() as stack:
        servers = [
            stack.enter_context(plan.serve_beside(program, work.call)) for program in programs
        ]
        for number in rounds(plan.amount.call_rounds, plan.amount):
            plan.say(f"{table.title}, round {number + 1} of {plan.amount.call_rounds}")
            table.rounds.append(_round(in_turn(servers, number), plan.amount.call_s))
    return table


def _round(servers: Sequence[ServerProcess], seconds: float) -> dict[str, Values]:
    taken = {server.peer.name: load(server, CONNECTIONS, seconds) for server in servers}
    return {name: taken[name] for name in (ONE, TWO)}


def _lacking() -> str | None:
    if len(usable_cores()) < 2:
        return "this machine has only one core"
    return lacks_wrk() or lacking((WORKERS,))


@contextmanager
def _two_cores() -> Generator[None]:
    """Let the load, and the servers that it starts, have the same two cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, usable_cores()[:2])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
