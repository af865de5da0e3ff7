"""A run: who takes part, on which cores, and what was measured."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console

from benchmarks.agent_turns import measure_agents
from benchmarks.calls import measure_calls
from benchmarks.commands import measure_commands
from benchmarks.egress import measure_egress
from benchmarks.files import measure_files
from benchmarks.gateway import measure_gateway
from benchmarks.kinds import measure_kinds
from benchmarks.machine import choose_cores, describe
from benchmarks.models import measure_models
from benchmarks.peers import SDK, TOOLYARD, Peer, choose, set_up
from benchmarks.plan import Amount, Plan, Section
from benchmarks.record import Record
from benchmarks.registry import measure_registry
from benchmarks.report import show_environment, show_missing
from benchmarks.sessionless import measure_sessionless
from benchmarks.start import measure_start
from benchmarks.stdio import measure_stdio
from benchmarks.stores import measure_stores
from benchmarks.table import Table
from benchmarks.team_turns import measure_teams
from benchmarks.tools import measure_tools
from benchmarks.versions import framework_versions, versions
from benchmarks.wire import BenchmarkError
from benchmarks.workers import measure_workers

MEASURE: dict[Section, Callable[[Plan], list[Table]]] = {
    "calls": measure_calls,
    "kinds": measure_kinds,
    "stateless": measure_sessionless,
    "tools": measure_tools,
    "start": measure_start,
    "stdio": measure_stdio,
    "gateway": measure_gateway,
    "workers": measure_workers,
    "files": measure_files,
    "egress": measure_egress,
    "stores": measure_stores,
    "commands": measure_commands,
    "registry": measure_registry,
    "models": measure_models,
    "agents": measure_agents,
    "teams": measure_teams,
}
_ALONE: frozenset[Section] = frozenset(
    {"files", "stores", "commands", "registry", "models", "agents", "teams"}
)
"""Those that need no server."""


@dataclass(frozen=True)
class Wanted:
    """What to measure, and how thoroughly."""

    sections: Sequence[Section]
    amount: Amount
    servers: str | None = None
    """Names of peers, comma separated, or all."""
    full: bool = False
    needs_all: bool = False
    """Whether a server that cannot take part is an error."""


def measure(wanted: Wanted, console: Console) -> Record:
    """Measure all of it, one after the other; says which servers cannot take part, and why.

    Raises:
        BenchmarkError: Something cannot be measured here, or a server answered wrongly.
    """
    if sys.platform != "linux":
        raise BenchmarkError("It reads the servers' CPU time from Linux; run it there.")
    needs_none = set(wanted.sections) <= _ALONE
    peers, missing = ([], {}) if needs_none else _present(choose(wanted.servers), console)
    show_missing(console, missing)
    if missing and wanted.needs_all:
        raise BenchmarkError("A run that counts needs all servers.")
    cores = choose_cores()
    environment = {**describe(), "amount": wanted.amount.text, **versions(peers)}
    show_environment(console, environment)
    before = os.sched_getaffinity(0)
    if cores.apart:
        os.sched_setaffinity(0, {cores.load})
    try:
        with console.status("Starting") as status:
            plan = Plan(peers, wanted.amount, cores, status.update, wanted.full)
            tables = [table for section in wanted.sections for table in MEASURE[section](plan)]
    finally:
        os.sched_setaffinity(0, before)
    if {"agents", "teams"} & set(wanted.sections):  # by now they are installed
        environment |= framework_versions()
    return Record(datetime.now(UTC).date().isoformat(), environment, missing, tables)


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
