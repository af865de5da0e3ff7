"""Which figures of a run are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.chart import Bar, Chart, Group
from benchmarks.gateways import TOOLYARD_STDIO
from benchmarks.peers import TOOLYARD
from benchmarks.plan import USUAL
from benchmarks.record import Record
from benchmarks.table import ratio_of
from benchmarks.text import number

_OURS = (TOOLYARD, TOOLYARD_STDIO)


def charts(record: Record) -> dict[str, Chart]:
    """Those that the run has figures for, by the names of their files."""
    count = {n: "1 tool" if n == 1 else f"{n:,} tools" for n in USUAL.tool_counts}
    drawn = {
        "calls": _chart(
            record,
            "CPU per call, 32 connections",
            ("cpu_us", "µs of the server process, less is better"),
            {
                "calls/modern/32": "Modern era",
                "calls/legacy/32": "Legacy era, a session for each connection",
                "calls/stateless/32": "Legacy era without sessions",
            },
        ),
        "lists": _chart(
            record,
            "CPU per tools/list, by the number of tools",
            ("list_cpu_ms", "ms of the server process, less is better"),
            {f"tools/modern/{n}": name for n, name in count.items()},
        ),
        "gateways": _chart(
            record,
            "Through a gateway, 16 callers",
            ("rate", "Calls per second, more is better"),
            {"gateway/modern/16": "Modern era", "gateway/legacy/16": "Legacy era"},
        ),
    }
    return {name: chart for name, chart in drawn.items() if chart.groups}


def _chart(record: Record, title: str, figure: tuple[str, str], tables: Mapping[str, str]) -> Chart:
    metric, unit = figure
    groups = [Group(name, _bars(record, key, metric)) for key, name in tables.items()]
    shown = [group for group in groups if group.bars]
    return Chart(title, unit, f"{title}. {unit}. {_said(shown)}", shown)


def _bars(record: Record, key: str, metric: str) -> Sequence[Bar]:
    table = record.table(key)
    if table is None:
        return ()
    spreads = {
        row: ratio_of([values[row][metric] for values in table.rounds]) for row in table.rows
    }
    return [Bar(row, spread, row in _OURS) for row, spread in spreads.items() if spread]


def _said(groups: Sequence[Group]) -> str:
    """Every bar in words."""
    listed = (
        (group.title, [f"{bar.label} {number(bar.spread.median)}" for bar in group.bars])
        for group in groups
    )
    return " ".join(f"{title}: {', '.join(bars)}." for title, bars in listed)
