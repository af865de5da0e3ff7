"""Importing, starting, and the memory that takes."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.peers import ENVIRONMENT, ROOT, SDK, TOOLYARD, Peer
from benchmarks.plan import Plan, in_turn, rounds
from benchmarks.table import Metric, Table, Values
from benchmarks.wire import BenchmarkError

IMPORT_METRICS = (Metric("wall_ms", "ms"), Metric("cpu_ms", "CPU ms"))
START_METRICS = (Metric("start_ms", "first answer ms"), Metric("rss_mib", "memory MiB"))
IMPORT_TOOLYARD = "import toolyard"
_IMPORT_S = 60.0
_END = "import os; os._exit(0)"  # taking an interpreter apart costs too, but is no import


def measure_start(plan: Plan) -> list[Table]:
    """A fresh process for every number."""
    imports = Table("imports", "Imports, in a fresh process", SDK, IMPORT_METRICS)
    start = Table("start", "From nothing to the first good answer", SDK, START_METRICS)
    peers = plan.peers_for("start")
    _once(peers, plan)  # the first time writes byte code and fills the disk cache
    for number in rounds(plan.amount.starts, plan.amount):
        plan.say(f"Imports and starts, round {number + 1} of {plan.amount.starts}")
        imported, started = _once(in_turn(peers, number), plan)
        imports.rounds.append(imported)
        start.rounds.append(started)
    return [imports, start]


def _once(peers: list[Peer], plan: Plan) -> tuple[dict[str, Values], dict[str, Values]]:
    return _import_all(peers), {peer.name: _start(peer, plan) for peer in peers}


def _start(peer: Peer, plan: Plan) -> Values:
    with plan.serve(peer) as server:
        return {"start_ms": server.start_ms, "rss_mib": server.first_rss_mib}


def _import_all(peers: list[Peer]) -> dict[str, Values]:
    here = Path(sys.executable)
    rows = {peer.name: _import(peer.python, peer.imports) for peer in peers}
    if TOOLYARD in rows:
        rows[IMPORT_TOOLYARD] = _import(here, IMPORT_TOOLYARD)
    rows["Python itself"] = _import(here, "pass")
    return rows


def _import(python: Path, statement: str) -> Values:
    used = _children_s()
    started = time.perf_counter()
    # Reading its output lets the end be noticed at once; a bare wait with a limit polls.
    ended = subprocess.run(
        [str(python), "-c", f"{statement}; {_END}"],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        timeout=_IMPORT_S,
        check=False,
    )
    wall = time.perf_counter() - started
    if ended.returncode:
        raise BenchmarkError(f"`{statement}` failed: {ended.stderr[-500:].decode()}")
    return {"wall_ms": wall * 1000, "cpu_ms": (_children_s() - used) * 1000}


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
