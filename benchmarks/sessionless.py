"""Calls of the legacy era in servers that were told to keep no sessions."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from benchmarks.calls import call, table_of
from benchmarks.peers import FASTMCP, SDK, TOOLYARD
from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.server_process import Program
from benchmarks.serving import STATELESS, Serve, lacking
from benchmarks.table import Table

CONNECTIONS = 32
_FLAGS = ("--stateless", "--json")


def measure_sessionless(plan: Plan) -> list[Table]:
    """Every server that can do without sessions, under load from many connections."""
    table = table_of("stateless", CONNECTIONS)
    programs: list[Program] = [
        replace(peer, flags=_FLAGS) for peer in plan.peers if peer.name in (SDK, FASTMCP)
    ]
    if reason := lacking(STATELESS):
        table.missing[TOOLYARD] = reason
    else:
        programs.insert(0, Serve(options=STATELESS))
    with ExitStack() as stack:
        servers = [stack.enter_context(plan.serve(program)) for program in programs]
        for number in rounds(plan.amount.call_rounds, plan.amount):
            plan.say(f"{table.title}, round {number + 1} of {plan.amount.call_rounds}")
            taken = {
                server.peer.name: call(server, "stateless", CONNECTIONS, plan.amount.call_s)
                for server in in_turn(servers, number)
            }
            table.rounds.append({server.peer.name: taken[server.peer.name] for server in servers})
    return [table]
