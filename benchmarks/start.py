"""Importing, starting, and the memory that takes."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.conversation import Call, Conversation
from benchmarks.peers import ENVIRONMENT, ROOT, SDK, TOOLYARD, Peer
from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.server_process import ServerProcess
from benchmarks.serving import TOOLYARD_COMMAND, Serve
from benchmarks.table import Metric, Table, Values
from benchmarks.wire import BenchmarkError

IMPORT_METRICS = (Metric("wall_ms", "ms"), Metric("cpu_ms", "CPU ms"))
START_METRICS = (Metric("start_ms", "first answer ms"), Metric("rss_mb", "memory MB"))
IMPORT_TOOLYARD = "import toolyard"
VERSION = "toolyard --version"
CALCULATOR = "toolyard serve calculator"
_COMMAND_S = 60.0
_END = "import os; os._exit(0)"  # taking an interpreter apart costs too, but is no import
_SUM = Call("calculator", {"expression": "1 + 2"}, {"result": 3})
_CALLS = 500
"""After which memory is looked at: a server that has worked a little."""


def measure_start(plan: Plan) -> list[Table]:
    """A fresh process for every number."""
    imports = Table("imports", "Imports, in a fresh process", SDK, IMPORT_METRICS)
    start = Table("start", "From nothing to the first good answer", SDK, START_METRICS)
    served = Table("calculator", "A calculator from nothing", CALCULATOR, START_METRICS)
    peers = plan.peers_for("start")
    tables = (imports, start, served)
    _once(peers, plan)  # the first time writes byte code and fills the disk cache
    for number in rounds(plan.amount.starts, plan.amount):
        plan.say(f"Imports and starts, round {number + 1} of {plan.amount.starts}")
        for table, values in zip(tables, _once(in_turn(peers, number), plan), strict=True):
            table.rounds.append(values)
    return list(tables)


def _once(peers: list[Peer], plan: Plan) -> tuple[dict[str, Values], ...]:
    return (
        _import_all(peers),
        {peer.name: _start(peer, plan) for peer in peers},
        {CALCULATOR: _serve_calculator(plan)},
    )


def _start(peer: Peer, plan: Plan) -> Values:
    with plan.serve(peer) as server:
        return {"start_ms": server.start_ms, "rss_mb": server.first_rss_mb}


def _serve_calculator(plan: Plan) -> Values:
    with ServerProcess(Serve("calculator"), plan.cores, probe=_SUM) as server:
        conversation = Conversation(server.port, server.token, "modern")
        for _ in range(_CALLS):
            conversation.check(_SUM)
        conversation.connection.close()
        return {"start_ms": server.start_ms, "rss_mb": server.rss_mb()}


def _import_all(peers: list[Peer]) -> dict[str, Values]:
    here = Path(sys.executable)
    rows = {peer.name: time_import(peer.python, peer.imports) for peer in peers}
    if TOOLYARD in rows:
        rows[IMPORT_TOOLYARD] = time_import(here, IMPORT_TOOLYARD)
        rows[VERSION] = _timed([*TOOLYARD_COMMAND, "--version"])
    rows["Python itself"] = time_import(here, "pass")
    return rows


def time_import(python: Path, statement: str) -> Values:
    """A fresh process that does nothing but import something."""
    return _timed([str(python), "-c", f"{statement}; {_END}"])


def _timed(command: Sequence[str]) -> Values:
    used = _children_s()
    started = time.perf_counter()
    # Reading its output lets the end be noticed at once; a bare wait with a limit polls.
    ended = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, timeout=_COMMAND_S, check=False
    )
    wall = time.perf_counter() - started
    if ended.returncode:
        raise BenchmarkError(f"`{command[-1]}` failed: {ended.stderr[-500:].decode()}")
    return {"wall_ms": wall * 1000, "cpu_ms": (_children_s() - used) * 1000}


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
