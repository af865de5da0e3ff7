"""What was measured, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.panel import Panel
from rich.table import Table as Grid
from rich.text import Text

from benchmarks.check import Comparison
from benchmarks.claims import claims, lost
from benchmarks.gateways import MCP_PROXY_STDIO, NO_TOKEN
from benchmarks.goals import Outcome
from benchmarks.plan import Section
from benchmarks.record import RESULTS, Record
from benchmarks.table import Metric, Ratio, Table
from benchmarks.text import number, with_spread

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
    if table.rows:
        console.print(grid)
    for row, reason in table.missing.items():
        console.print(Text(f"{row}: not measured: {reason}.", style="yellow"), soft_wrap=True)
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


def show_goals(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Each goal: what was measured, how far rounds differ, and whether it holds."""
    if not outcomes:
        return
    grid = _grid("goals", "against", "goal", "measured", "holds")
    for each in outcomes:
        holds = Text("yes", style="green") if each.holds else Text("no", style="bold red")
        if each.ratio is None:
            holds = Text("not measured", style="yellow")
        named = (Text(text) for text in (each.goal.work, each.goal.against, each.goal.text))
        grid.add_row(*named, _measured(each), holds)
    console.print(grid)
    for each in outcomes:
        if each.ratio is None:
            said = f"Not measured: {each.goal.work} against {each.goal.against}: {each.reason}."
            console.print(Text(said, style="yellow"), soft_wrap=True)
    console.print()


def show_comparisons(console: Console, comparisons: Sequence[Comparison]) -> bool:
    """Each goal then and now; gives back whether none falls short."""
    grid = _grid("goals", "against", "then", "now", "better by", "")
    for each in comparisons:
        change = "-" if each.change is None else f"{each.change:+.0%}"
        named = Text(each.now.goal.work), Text(each.now.goal.against)
        grid.add_row(*named, _measured(each.then), _measured(each.now), change, _verdict(each))
    console.print(grid)
    fallen = [each for each in comparisons if each.falls_short]
    for each in fallen:
        console.print(Text(_shortfall(each.now), style="bold red"), soft_wrap=True)
    return not fallen


def show_environment(console: Console, environment: Mapping[str, str]) -> None:
    """What the numbers were taken on."""
    for name, text in environment.items():
        console.print(f"{name}: {text}", style="dim", highlight=False)


def show_record(console: Console, record: Record, sections: Sequence[Section]) -> None:
    """The tables, what they say, and what became of the goals that `sections` are about."""
    for table in record.tables:
        show(console, table)
    show_missing(console, record.missing)
    show_claims(console, record.tables)
    show_goals(console, [each for each in record.outcomes if each.goal.section in sections])


def _shortfall(now: Outcome) -> str:
    goal = now.goal
    named = f"{goal.work} against {goal.against}" if goal.against else goal.work
    if now.ratio is None:
        return f"SHORT: {named}: {now.reason}."
    missed = f"clearly 15 % worse than {RESULTS.name}" if goal.theirs else f"not {goal.text}"
    return f"SHORT: {named}: {missed}, measured twice."


def _verdict(comparison: Comparison) -> Text:
    if comparison.falls_short:
        return Text("SHORT", style="bold red")
    if comparison.is_in_doubt:
        return Text("not told apart", style="yellow")
    return Text("ok", style="green") if comparison.is_judged else Text("not compared", "dim")


def _grid(*headings: str) -> Grid:
    grid = Grid(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in headings:
        grid.add_column(heading)
    return grid


def _measured(outcome: Outcome) -> Text:
    if outcome.ratio is None:
        return Text("-")
    return Text(with_spread(outcome.ratio, outcome.goal.unit or "x"))


def _cells(table: Table, row: str, metric: Metric) -> tuple[Text, Text]:
    ratio = table.ratio(row, metric.key)
    return Text(number(table.value(row, metric.key)), style="dim"), _ratio(ratio, metric)


def _ratio(ratio: Ratio | None, metric: Metric) -> Text:
    if ratio is None:
        return Text("-")
    return Text(f"{number(ratio.median)}x", style=_colour(ratio, metric))


def _colour(ratio: Ratio, metric: Metric) -> str:
    if not ratio.tells_apart:
        return "bold"
    return "bold green" if (ratio.median > 1) == metric.more_is_better else "bold red"


def _load_limits(table: Table, row: str) -> bool:
    """Whether the load was busy all the time while the server was not."""
    taken = [turn[row] for turn in table.rounds if "load_share" in turn.get(row, {})]
    if not taken:
        return False
    server = median(values["rate"] * values["cpu_us"] / 1e6 for values in taken)
    return median(values["load_share"] for values in taken) > _BUSY > server
