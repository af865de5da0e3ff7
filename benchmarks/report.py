"""The tables on a terminal, and everything in a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from benchmarks.claims import claims, lost
from benchmarks.gateways import MCP_PROXY_STDIO, NO_TOKEN
from benchmarks.table import Metric, Ratio, Table

_BUSY = 0.9
"""The share of a core from which on a process is at its limit."""


def show(console: Console, table: Table) -> None:
    """One table: for each row what was measured and, beside it, the ratio to the base."""
    grid = Grid(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    grid.add_column("", no_wrap=True)
    for metric in table.metrics:
        grid.add_column(metric.heading, justify="right", no_wrap=True)
        grid.add_column("", justify="right", no_wrap=True)
    for row in table.rows:
        cells = (cell for metric in table.metrics for cell in _cells(table, row, metric))
        grid.add_row(row, *cells)
    console.print(f"{table.title} (x: ratio to {table.base})", style="bold")
    console.print(grid)
    console.print()


def show_missing(console: Console, missing: Mapping[str, str]) -> None:
    """Say loudly which servers were left out, and why."""
    for name, reason in missing.items():
        text = Text(f"{name} IS NOT IN THESE TABLES: {reason}")
        console.print(Panel(text, style="bold red"))


def show_claims(console: Console, tables: Sequence[Table]) -> None:
    """The sentences, and how far to trust them."""
    for sentence in [*claims(tables), *cautions(tables)]:
        console.print(f"- {sentence}", highlight=False, soft_wrap=True)


def show_verdict(console: Console, tables: Sequence[Table]) -> bool:
    """Say whether toolyard's claims stand, which is what it gives back."""
    refuted = lost(tables)
    for sentence in refuted:
        console.print(f"LOST: {sentence}", style="bold red", highlight=False, soft_wrap=True)
    if not refuted:
        console.print("No claim is refuted.", style="bold green", highlight=False)
    return not refuted


def cautions(tables: Sequence[Table]) -> list[str]:
    """What the circumstances of the runs say about the numbers."""
    taken = [values for table in tables for turn in table.rounds for values in turn.values()]
    others = [values["others"] for values in taken if "others" in values]
    said: list[str] = []
    if others:
        said.append(
            f"Noise: everything else on this machine used {median(others):.2f} of a core "
            f"(median), at most {max(others):.2f}; compare ratios, not runs."
        )
    if any(MCP_PROXY_STDIO in table.rows for table in tables):
        said.append(NO_TOKEN)
    limited = sorted({row for table in tables for row in table.rows if _load_limits(table, row)})
    if limited:
        said.append(f"The load itself was the limit for: {', '.join(limited)}; look at their CPU.")
    return said


def save(path: Path, machine: str, missing: Mapping[str, str], tables: Sequence[Table]) -> None:
    """Write every number of every round, with what was concluded, as JSON."""
    content = {
        "machine": machine,
        "missing": dict(missing),
        "claims": claims(tables),
        "lost": lost(tables),
        "cautions": cautions(tables),
        "tables": [asdict(table) for table in tables],
    }
    path.write_text(json.dumps(content, indent=2) + "\n")


def _cells(table: Table, row: str, metric: Metric) -> tuple[Text, Text]:
    ratio = table.ratio(row, metric.key)
    return Text(_number(table.value(row, metric.key)), style="dim"), _ratio(ratio, metric)


def _ratio(ratio: Ratio | None, metric: Metric) -> Text:
    if ratio is None:
        return Text("-")
    return Text(f"{_number(ratio.median)}x", style=_colour(ratio, metric))


def _colour(ratio: Ratio, metric: Metric) -> str:
    if not ratio.tells_apart:
        return "bold"
    return "bold green" if (ratio.median > 1) == metric.more_is_better else "bold red"


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _load_limits(table: Table, row: str) -> bool:
    """Whether the load was busy all the time while the server was not."""
    taken = [turn[row] for turn in table.rounds if "load_share" in turn.get(row, {})]
    if not taken:
        return False
    server = median(values["rate"] * values["cpu_us"] / 1e6 for values in taken)
    return median(values["load_share"] for values in taken) > _BUSY > server
