"""A server with two workers beside one with one, where the load shares the cores with them."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

from benchmarks.machine import usable_cores
from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.serving import WORKERS, Serve, lacking
from benchmarks.table import Metric, Table
from benchmarks.wrk import lacks_wrk, load

ONE, TWO = "1 worker", "2 workers"
CONNECTIONS = 32
METRICS = (
    Metric("rate", "calls/s", more_is_better=True),
    Metric("p50_ms", "p50 ms"),
    Metric("p99_ms", "p99 ms"),
)


def measure_workers(plan: Plan) -> list[Table]:
    """Calls per second; a call that fails ends the measurement with an error."""
    title = f"Workers, modern era, {CONNECTIONS} connections, two cores for servers and load"
    table = Table("workers", title, ONE, METRICS)
    if reason := _lacking():
        table.missing |= {ONE: reason, TWO: reason}
        return [table]
    programs = [Serve(name=name, options=(WORKERS, name[0])) for name in (ONE, TWO)]
    with _two_cores(), ExitStack() as stack:
        servers = [stack.enter_context(plan.serve_beside(program)) for program in programs]
        for number in rounds(plan.amount.call_rounds, plan.amount):
            plan.say(f"{table.title}, round {number + 1} of {plan.amount.call_rounds}")
            taken = {
                server.peer.name: load(server, CONNECTIONS, plan.amount.call_s)
                for server in in_turn(servers, number)
            }
            table.rounds.append({name: taken[name] for name in (ONE, TWO)})
    return [table]


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
