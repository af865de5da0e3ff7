"""Calls of tools that are not run in one step: one that waits, and one that is no coroutine."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from benchmarks.calls import METRICS, call
from benchmarks.peers import SDK
from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.server_process import ServerProcess
from benchmarks.table import Table

CONNECTIONS = 32
NAMES = {"waiting": "an `add` that waits", "sync": "an `add` that is no coroutine"}


def measure_kinds(plan: Plan) -> list[Table]:
    """The servers under load, with each kind of tool."""
    tables = {kind: _table_of(kind) for kind in NAMES}
    with ExitStack() as stack:
        servers = {
            kind: [stack.enter_context(server) for server in _servers_of(kind, plan)]
            for kind in NAMES
        }
        for number in rounds(plan.amount.call_rounds, plan.amount):
            for kind, table in tables.items():
                plan.say(f"{table.title}, round {number + 1} of {plan.amount.call_rounds}")
                table.rounds.append(
                    {
                        server.peer.name: call(server, "modern", CONNECTIONS, plan.amount.call_s)
                        for server in in_turn(servers[kind], number)
                    }
                )
    return list(tables.values())


def _servers_of(kind: str, plan: Plan) -> list[ServerProcess]:
    return [
        plan.serve(replace(peer, flags=(*peer.flags, "--kind", kind)))
        for peer in plan.peers_for("kinds")
    ]


def _table_of(kind: str) -> Table:
    title = f"Calls of {NAMES[kind]}, modern era, {CONNECTIONS} connections"
    return Table(f"kinds/{kind}", title, SDK, METRICS)
