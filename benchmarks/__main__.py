"""Measure toolyard beside the SDK's MCPServer, FastMCP, a bare ASGI function and a bare open."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.calls import measure_calls
from benchmarks.commands import measure_commands
from benchmarks.egress import measure_egress
from benchmarks.files import measure_files
from benchmarks.gateway import measure_gateway
from benchmarks.machine import choose_cores, describe
from benchmarks.peers import PEERS, SDK, TOOLYARD, Peer, choose, set_up
from benchmarks.plan import QUICK, SECTIONS, USUAL, Plan, Section
from benchmarks.registry import measure_registry
from benchmarks.report import save, show, show_claims, show_missing, show_verdict
from benchmarks.start import measure_start
from benchmarks.stores import measure_stores
from benchmarks.table import Table
from benchmarks.tools import measure_tools
from benchmarks.wire import BenchmarkError

MEASURE: dict[Section, Callable[[Plan], list[Table]]] = {
    "calls": measure_calls,
    "tools": measure_tools,
    "start": measure_start,
    "gateway": measure_gateway,
    "files": measure_files,
    "egress": measure_egress,
    "stores": measure_stores,
    "commands": measure_commands,
    "registry": measure_registry,
}
EXAMPLES = """\
examples:
  python -m benchmarks                            everything, 4 to 7 minutes
  python -m benchmarks --quick                    everything, 2 to 3 minutes, noisier
  python -m benchmarks --only calls               calls per second, latency, CPU per call
  python -m benchmarks --only tools --full        FastMCP with 10,000 tools as well
  python -m benchmarks --only gateway             calls through a gateway, beside other gateways
  python -m benchmarks --only files               reading a file, beside a bare open
  python -m benchmarks --only stores              stores beside the bare engines below them
  python -m benchmarks --only commands            a command of bash, beside a bare subprocess
  python -m benchmarks --servers toolyard         toolyard and MCPServer only
  python -m benchmarks --json numbers.json        every round's numbers in a file as well
  make bench BENCH="--quick --only start"         the same through make

The exit code is 1 if the numbers clearly refute a claim: that toolyard serves no fewer calls per
second than the SDK's MCPServer, that its gateway passes on ten times as many as FastMCP's, or that
the cost of a call does not grow with the number of tools.
Where the rounds disagree, nothing is refuted; a quick run has too few of them to refute anything.
"""


@dataclass(frozen=True)
class Given:
    """The command line."""

    quick: bool
    full: bool
    only: Section | None
    servers: str | None
    json: Path | None


def main() -> int:
    given = _read_arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the servers end as well
    console = Console()
    started = time.monotonic()
    try:
        tables = _measure(given, console)
    except BenchmarkError as error:
        console.print(f"The benchmark ended without a result. {error}", style="bold red")
        return 1
    except KeyboardInterrupt:
        return 130
    console.print(f"Took {time.monotonic() - started:.0f} s.", style="dim")
    return 0 if tables and show_verdict(console, tables) else 1


def _read_arguments() -> Given:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="fewer and shorter rounds, 2 to 3 minutes")
    add("--full", action="store_true", help="also what takes minutes: FastMCP with 10,000 tools")
    add("--only", choices=SECTIONS, help="one of the measurements")
    names = ", ".join(peer.name for peer in PEERS)
    add("--servers", metavar="A,B", help=f"which to measure; {SDK} always is (of {names})")
    add("--json", type=Path, metavar="FILE", help="write every number to FILE")
    return Given(**vars(parser.parse_args()))


def _measure(given: Given, console: Console) -> list[Table]:
    if sys.platform != "linux":
        raise BenchmarkError("It reads the servers' CPU time from Linux; run it there.")
    needs_none = given.only in ("files", "stores", "commands", "registry")
    chosen = [] if needs_none else choose(given.servers)
    peers, missing = _present(chosen, console) if chosen else ([], {})
    show_missing(console, missing)
    machine = describe()
    console.print(machine, style="dim")
    cores = choose_cores()
    if cores.apart:
        os.sched_setaffinity(0, {cores.load})
    with console.status("Starting") as status:
        amount = QUICK if given.quick else USUAL
        plan = Plan(peers, amount, cores, status.update, given.full)
        tables = [table for section in _sections(given) for table in MEASURE[section](plan)]
    if given.json:
        save(given.json, machine, missing, tables)
    for table in tables:
        show(console, table)
    show_missing(console, missing)
    show_claims(console, tables)
    return tables


def _sections(given: Given) -> tuple[Section, ...]:
    return (given.only,) if given.only else SECTIONS


def _present(peers: list[Peer], console: Console) -> tuple[list[Peer], dict[str, str]]:
    """Those that can be served here, and why the others cannot."""
    with console.status("Setting up others in .tools (once)"):
        failed = set_up(peers)
    reasons = {peer.name: peer.missing() for peer in peers}
    missing = {name: failed.get(name, reason) for name, reason in reasons.items() if reason}
    for name in (SDK, TOOLYARD):
        if name in missing:
            raise BenchmarkError(f"{name} cannot be served: {missing[name]}")
    return [peer for peer in peers if peer.name not in missing], missing


if __name__ == "__main__":
    sys.exit(main())
