"""Listing and calling as the number of tools grows."""

from __future__ import annotations

import time
from contextlib import ExitStack
from statistics import median

from benchmarks.calls import METRICS as CALLS
from benchmarks.calls import call, values_of
from benchmarks.conversation import NAMES, Conversation, Era
from benchmarks.load import Meter, clients, run
from benchmarks.peers import SDK, TOOLYARD, Peer
from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.server_process import ServerProcess
from benchmarks.table import Metric, Table, Values
from benchmarks.wire import BenchmarkError

FEW, MANY = "1 tool", "10,000 tools"
METRICS = (
    Metric("list_ms", "list\nms"),
    Metric("list_cpu_ms", "list\nCPU ms"),
    Metric("p50_ms", "call\np50 ms"),
    Metric("cpu_us", "call\nCPU µs"),
)
_FEWEST_CALLS = 3  # a server may need seconds for each
_LIST_S = 0.2


def measure_tools(plan: Plan) -> list[Table]:
    """Every server with one, with some and with very many tools."""
    return [
        *(table for count in plan.amount.tool_counts for table in _with(count, plan)),
        *_growth(plan),
    ]


def _with(count: int, plan: Plan) -> list[Table]:
    tables: dict[Era, Table] = {era: _table(era, count) for era in plan.amount.tool_eras}
    peers = [peer for peer in plan.peers_for("tools") if _bears(peer, count, plan)]
    with ExitStack() as stack:
        servers = [stack.enter_context(plan.serve(peer, count)) for peer in peers]
        for number in rounds(plan.amount.tool_rounds, plan.amount):
            for era, table in tables.items():
                plan.say(f"{table.title}, round {number + 1} of {plan.amount.tool_rounds}")
                turn = in_turn(servers, number)
                table.rounds.append({s.peer.name: _use(s, era, count, plan) for s in turn})
    return list(tables.values())


def _growth(plan: Plan) -> list[Table]:
    """Calls of toolyard with one tool and with very many, in the same rounds."""
    tables: dict[Era, Table] = {
        era: Table(f"growth/{era}", f"A call of toolyard, {NAMES[era]}", FEW, CALLS)
        for era in plan.amount.tool_eras
    }
    ours = next(peer for peer in plan.peers if peer.name == TOOLYARD)
    with ExitStack() as stack:
        counts = {FEW: 1, MANY: 10_000}
        servers = {
            row: stack.enter_context(plan.serve(ours, count)) for row, count in counts.items()
        }
        for number in rounds(plan.amount.call_rounds, plan.amount):
            for era, table in tables.items():
                plan.say(f"{table.title}, round {number + 1} of {plan.amount.call_rounds}")
                taken = {
                    row: call(server, era, 1, plan.amount.tool_s)
                    for row, server in in_turn(list(servers.items()), number)
                }
                table.rounds.append({row: taken[row] for row in servers})
    return list(tables.values())


def _bears(peer: Peer, count: int, plan: Plan) -> bool:
    return plan.full or peer.most_tools is None or count <= peer.most_tools


def _use(server: ServerProcess, era: Era, count: int, plan: Plan) -> Values:
    with clients(server, era, 1) as conversations:
        listed = _list(server, conversations[0], count, plan.amount.lists)
        called = values_of(run(server, conversations, plan.amount.tool_s, _FEWEST_CALLS))
        return {**called, **listed}


def _list(server: ServerProcess, conversation: Conversation, count: int, times: int) -> Values:
    """What the whole list takes once it has been asked for: the first may build what is kept."""
    _read_list(conversation, count)
    took: list[float] = []
    meter = Meter(server)
    while len(took) < times or sum(took) < _LIST_S:
        took.append(_read_list(conversation, count))
    cpu_s = meter.read().server_cpu_s / len(took)
    return {"list_ms": median(took) * 1000, "list_cpu_ms": cpu_s * 1000}


def _read_list(conversation: Conversation, count: int) -> float:
    """Seconds until the last page was here; together the pages must hold `count` tools."""
    tools, waited, params = 0, 0.0, dict[str, str]()
    while True:
        request = conversation.prepare("tools/list", params).numbered(next(conversation.ids))
        sent = time.perf_counter()
        answer = conversation.connection.exchange(request)
        waited += time.perf_counter() - sent
        page = conversation.read(answer)
        tools += len(page["tools"])
        if not page.get("nextCursor"):
            break
        params = {"cursor": page["nextCursor"]}
    if tools != count:
        raise BenchmarkError(f"tools/list gave {tools} tools instead of {count}.")
    return waited


def _table(era: Era, count: int) -> Table:
    noun = "tool" if count == 1 else "tools"
    return Table(f"tools/{era}/{count}", f"{count:,} {noun}, {NAMES[era]}", SDK, METRICS)
