"""The page about performance, written from the run that counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.chart import draw
from benchmarks.environments import ROOT
from benchmarks.goals import Outcome
from benchmarks.plots import charts
from benchmarks.record import Record
from benchmarks.report import cautions
from benchmarks.table import Table, ratio_of
from benchmarks.text import with_spread

DOCS = ROOT / "docs"
PAGE = "performance.md"
_PLOTS = "performance"
"""The folder of the plots, beside the page."""
_HEAD = """\
<!-- Written from benchmarks/results.json by `python -m benchmarks --render`; never by hand. -->
# Performance

What a call costs: toolyard beside the official SDK's `MCPServer`, FastMCP and a bare ASGI \
function that reads and writes JSON with orjson.
Every server offers the same `add(a, b)`, is a process with one worker, and asks for a bearer \
token, but for the bare function.
toolyard also has its address filter, a rate limit and metrics on.
`add` awaits nothing, which is the quickest kind of tool for toolyard: it is run in one step, \
while a tool that waits is run in a task of its own, and costs more.
[What each row is and how it is measured](../benchmarks/README.md) is told beside the code.

Each figure is the median of several rounds, with the least and the most of them in brackets.
A ratio is taken within a round, where everything is measured side by side.
In the tables, it is below its figure, and is to the row that the corner names.
"""
_REPEAT = """\
## Repeat it

```
make bench                                 # everything, shown
make bench SAVE=1                          # everything, into benchmarks/results.json and this page
make bench-check                           # the goals only; fails where one got clearly worse
make bench BENCH="--only calls"            # one part
```

It needs Linux, and takes minutes on a machine that does nothing else.
Compare ratios: milliseconds and megabytes are those of the machine above.
"""
_SECTIONS = {
    "Calls": ("calls", "kinds"),
    "Many tools": ("tools", "growth"),
    "Over standard input and output": ("stdio",),
    "Through a gateway": ("gateway", "large"),
    "Workers": ("workers",),
    "Models": ("models",),
    "Agents": ("agents",),
    "Teams": ("teams",),
    "Start and memory": ("imports", "start", "calculator"),
    "Inside": ("registry", "files", "commands", "egress", "stores"),
}
"""Headings, and the first words of the keys of the tables below them."""
_NOTES = {
    "Workers": """\
The goal is about `serve calculator`.
Calls of `add` are so cheap that the load itself takes a large part of the two cores, so with \
`add` a second worker gains less, as its table shows.
""",
}
"""What is said below headings."""
_PLOT_OF = {"Calls": "calls", "Many tools": "lists", "Through a gateway": "gateways"}


def pages(record: Record) -> dict[str, str]:
    """Every file that is made from a run, by its path below `docs`."""
    drawn = {f"{_PLOTS}/{name}.svg": draw(chart) for name, chart in charts(record).items()}
    return {PAGE: _page(record), **drawn}


def write_page(record: Record, folder: Path = DOCS) -> None:
    """Write all of them."""
    for path, text in pages(record).items():
        file = folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _page(record: Record) -> str:
    parts = [_HEAD, _goals(record.outcomes), _environment(record), _REPEAT]
    parts += [part for heading in _SECTIONS for part in _section(record, heading)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _goals(outcomes: Sequence[Outcome]) -> str:
    rows = (
        [each.goal.work, each.goal.against, each.goal.text, _measured(each), _verdict(each)]
        for each in outcomes
    )
    head = ["work", "against", "goal", "measured", "holds"]
    return f"## Goals\n\n{_grid(head, rows)}"


def _measured(outcome: Outcome) -> str:
    if outcome.ratio is None:
        return f"not measured: {outcome.reason}"
    return with_spread(outcome.ratio, outcome.goal.unit or "x")


def _verdict(outcome: Outcome) -> str:
    if outcome.ratio is None:
        return "-"
    return "yes" if outcome.holds else "**no**"


def _environment(record: Record) -> str:
    rows = [["date", record.date], *(list(each) for each in record.environment.items())]
    missing = [f"{name} is not in these tables: {why}." for name, why in record.missing.items()]
    said = "".join(f"- {each}\n" for each in [*missing, *cautions(record.tables)])
    return f"## Measured on\n\n{_grid(['', ''], rows)}\n{said}"


def _section(record: Record, heading: str) -> Iterator[str]:
    tables = [each for each in record.tables if each.key.split("/")[0] in _SECTIONS[heading]]
    if not tables:
        return
    yield f"## {heading}\n"
    if heading in _NOTES:
        yield _NOTES[heading]
    plot = _PLOT_OF.get(heading)
    chart = charts(record).get(plot) if plot else None
    if chart is not None:
        yield f"![{chart.title}]({_PLOTS}/{plot}.svg)\n"
    for table in tables:
        yield _table(table)


def _table(table: Table) -> str:
    corner = f"x: to {table.base}" if len(table.rows) > 1 else ""
    head = [corner, *(metric.heading.replace("\n", " ") for metric in table.metrics)]
    rows = [[row, *_cells(table, row)] for row in table.rows]
    missing = "".join(f"{row}: not measured: {why}.\n" for row, why in table.missing.items())
    grid = f"{_grid(head, rows)}\n" if rows else ""
    return f"### {table.title}\n\n{grid}{missing}"


def _cells(table: Table, row: str) -> Iterator[str]:
    for metric in table.metrics:
        spread = ratio_of([values[row][metric.key] for values in table.rounds])
        ratio = table.ratio(row, metric.key)
        figure = "-" if spread is None else with_spread(spread)
        # Beside it, columns would be so narrow that each number had a line of its own.
        below = "" if ratio is None or row == table.base else f"<br>{with_spread(ratio, 'x')}"
        yield figure + below


def _grid(head: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
