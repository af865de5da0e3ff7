"""Calls of one tool: how many, how fast, at what cost."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.conversation import ERAS, NAMES, Era
from benchmarks.load import Burst, clients, run
from benchmarks.peers import SDK
from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.server_process import ServerProcess
from benchmarks.table import Metric, Table, Values

CONNECTIONS = (1, 32)
METRICS = (
    Metric("rate", "calls/s", more_is_better=True),
    Metric("p50_ms", "p50 ms"),
    Metric("p99_ms", "p99 ms"),
    Metric("cpu_us", "CPU µs"),
)

_CALLS_EACH = 10
"""At least, over every connection: on a busy machine, fewer calls are no measure of anything."""


def measure_calls(plan: Plan) -> list[Table]:
    """Every server under load, in both eras, over one and over many connections."""
    points: list[tuple[Era, int]] = [(era, count) for era in ERAS for count in CONNECTIONS]
    tables = {point: table_of(*point) for point in points}
    with ExitStack() as stack:
        servers = [stack.enter_context(plan.serve(peer)) for peer in plan.peers_for("calls")]
        for number in rounds(plan.amount.call_rounds, plan.amount):
            for (era, count), table in tables.items():
                plan.say(f"{table.title}, round {number + 1} of {plan.amount.call_rounds}")
                table.rounds.append(_round(in_turn(servers, number), era, count, plan))
    return list(tables.values())


def _round(servers: list[ServerProcess], era: Era, count: int, plan: Plan) -> dict[str, Values]:
    return {server.peer.name: call(server, era, count, plan.amount.call_s) for server in servers}


def call(server: ServerProcess, era: Era, count: int, seconds: float) -> Values:
    """What calls over `count` connections took within `seconds`."""
    with clients(server, era, count) as conversations:
        return values_of(run(server, conversations, seconds, _CALLS_EACH * count))


def values_of(burst: Burst) -> Values:
    """The numbers of a stretch of load, and the circumstances they were taken in."""
    calls = len(burst.took_s)
    return {
        "rate": calls / burst.cost.seconds,
        "p50_ms": burst.quantile_ms(0.5),
        "p99_ms": burst.quantile_ms(0.99),
        "cpu_us": burst.cost.server_cpu_s / calls * 1e6,
        "load_share": burst.cost.load_share,
        "others": burst.cost.others,
    }


def table_of(era: Era, count: int) -> Table:
    """An empty table of calls over `count` connections."""
    noun = "connection" if count == 1 else "connections"
    return Table(f"calls/{era}/{count}", f"Calls, {NAMES[era]}, {count} {noun}", SDK, METRICS)
