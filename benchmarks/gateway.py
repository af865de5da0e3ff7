"""Calls through gateways, beside the same calls without one."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from benchmarks.calls import values_of
from benchmarks.conversation import ERAS, Call, Era
from benchmarks.gateways import DIRECT, FASTMCP, FASTMCP_SHARED, gateways
from benchmarks.load import clients, run
from benchmarks.peers import TOOLYARD
from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.server_process import ServerProcess
from benchmarks.servers.options import text_of
from benchmarks.table import Metric, Table, Values

CALLERS = (1, 16)
METRICS = (
    Metric("rate", "calls/s", more_is_better=True),
    Metric("p50_ms", "p50 ms"),
    Metric("p99_ms", "p99 ms"),
    Metric("cpu_us", "CPU µs"),
)
LETTERS = 450_000
"""Clients of FastMCP take no event of more than a mebibyte."""
LARGE = Call("text", {}, {"result": text_of(LETTERS)})
"""Its answer has almost a megabyte: the text, and once more as data."""
_ANSWER_MB = 2 * len(LARGE.written[0]) / 1e6
LARGE_METRICS = (
    Metric("rate", "calls/s", more_is_better=True),
    Metric("p50_ms", "p50 ms"),
    Metric("cpu_ms", "CPU ms per MB"),
)
_BEFORE_A_URL = (DIRECT, TOOLYARD, FASTMCP, FASTMCP_SHARED)
"""Behind the others there is no such tool."""
_SHARE = 0.4
"""Of a usual stretch of load, for one row."""
_CALLS_EACH = 2
"""At least, by every caller: some gateways need a second for one."""


def measure_gateway(plan: Plan) -> list[Table]:
    """One fast server, asked for little and for much, directly and through every gateway."""
    points: list[tuple[Era, int]] = [(era, count) for era in ERAS for count in CALLERS]
    with ExitStack() as stack:
        servers = _start(plan, stack)
        base = FASTMCP if FASTMCP in servers else DIRECT
        tables = {point: _table(*point, base) for point in points}
        large: dict[Era, Table] = {era: _large_table(era, base) for era in ERAS}
        for number in rounds(plan.amount.call_rounds, plan.amount):
            for (era, count), table in tables.items():
                plan.say(f"{table.title}, round {number + 1} of {plan.amount.call_rounds}")
                able = {name: each for name, each in servers.items() if era in each.peer.eras}
                table.rounds.append(_round(able, number, era, count, plan))
            for era, table in large.items():
                plan.say(f"{table.title}, round {number + 1} of {plan.amount.call_rounds}")
                able = {name: servers[name] for name in _BEFORE_A_URL if name in servers}
                table.rounds.append(_large_round(able, number, era, plan))
    return [*tables.values(), *large.values()]


def _start(plan: Plan, stack: ExitStack) -> dict[str, ServerProcess]:
    """What is called, by row; the server behind the gateways is one more of those called."""
    found = next(peer for peer in plan.peers if peer.name == TOOLYARD)
    ours = replace(found, flags=(*found.flags, "--letters", str(LETTERS)))
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    # With the load, so that each gateway has the other core.
    behind = stack.enter_context(plan.serve_beside(ours))
    present = {peer.name for peer in plan.peers}
    fronts = [each for each in gateways(behind, folder, plan.cores) if each.peer in present]
    servers = {DIRECT: stack.enter_context(plan.serve(ours))}
    return servers | {each.name: stack.enter_context(plan.serve(each)) for each in fronts}


def _round(
    servers: dict[str, ServerProcess], number: int, era: Era, count: int, plan: Plan
) -> dict[str, Values]:
    taken = {
        name: _call(server, era, count, plan)
        for name, server in in_turn(list(servers.items()), number)
    }
    direct_ms = taken[DIRECT]["p50_ms"]
    return {
        name: {**taken[name], "added_ms": taken[name]["p50_ms"] - direct_ms} for name in servers
    }


def _call(server: ServerProcess, era: Era, count: int, plan: Plan) -> Values:
    with clients(server, era, count) as conversations:
        seconds = plan.amount.call_s * _SHARE
        return values_of(run(server, conversations, seconds, _CALLS_EACH * count))


def _large_round(
    servers: dict[str, ServerProcess], number: int, era: Era, plan: Plan
) -> dict[str, Values]:
    return {
        name: _call_for_much(server, era, plan)
        for name, server in in_turn(list(servers.items()), number)
    }


def _call_for_much(server: ServerProcess, era: Era, plan: Plan) -> Values:
    with clients(server, era, 1, LARGE) as conversations:
        seconds = plan.amount.call_s * _SHARE
        values = values_of(run(server, conversations, seconds, _CALLS_EACH, LARGE))
    return {**values, "cpu_ms": values["cpu_us"] / 1e3 / _ANSWER_MB}


def _large_table(era: Era, base: str) -> Table:
    title = f"1 MB through a gateway, {era} era, 1 caller"
    return Table(f"large/{era}", title, base, LARGE_METRICS)


def _table(era: Era, count: int, base: str) -> Table:
    noun = "caller" if count == 1 else "callers"
    title = f"Through a gateway, {era} era, {count} {noun}"
    return Table(f"gateway/{era}/{count}", title, base, METRICS)
