"""How pools of work items look at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from toolyard.cli.ages import ago
from toolyard.cli.consoles import ERR, OUT, WIDE, show
from toolyard.cli.terminal import write
from toolyard.core.printable import one_line

if TYPE_CHECKING:
    from toolyard.wiring.teams import PoolStatus

BAR_LETTERS = 30
MOST_WORKING = 20
"""So many who work are shown while a pool is watched; a terminal has no room for thousands."""


def show_status(pool: str, status: PoolStatus) -> None:
    """How far a pool is."""
    show(drawn_status(pool, status), console=OUT if OUT.is_terminal else WIDE)


def drawn_status(pool: str, status: PoolStatus, *, most: int | None = None) -> RenderableType:
    """A bar, counts, who works on what, and what failed; `most` lines of each."""
    parts: list[RenderableType] = [_bar(pool, status), Text(counts(status), style="dim")]
    if status.working:
        table = _table("Item", "Worker", "For")
        for each in status.working[:most]:
            table.add_row(_name(each.item_id), one_line(each.worker, 60), ago(each.since))
        parts.append(table)
    if status.failures:
        table = _table("Failed item", "Attempts", "Why")
        for each in status.failures[:most]:
            why = each.reasons[-1] if each.reasons else ""
            table.add_row(_name(each.id), str(each.attempts), Text(one_line(why, 200), "red"))
        parts.append(table)
    return Group(*parts)


def counts(status: PoolStatus) -> str:
    """How many items are in which state."""
    if not status.is_filled:
        return "It is not filled yet."
    said = [
        f"{status.completed} of {status.total} completed",
        f"{len(status.working)} worked on",
        f"{status.waiting} waiting",
        f"{len(status.failures)} failed",
    ]
    return " · ".join(said)


@contextmanager
def watching(pool: str) -> Generator[Callable[[PoolStatus], None]]:
    """What shows each status: in one place at a terminal, else as a line of the result."""
    if not ERR.is_terminal:
        yield lambda status: write(counts(status))
        return
    from rich.live import Live

    with Live(console=ERR, transient=True, refresh_per_second=4) as live:
        yield lambda status: live.update(drawn_status(pool, status, most=MOST_WORKING))


def _bar(pool: str, status: PoolStatus) -> Text:
    full = int(status.score * BAR_LETTERS)
    style = "green" if status.is_done and not status.failures else "cyan"
    return Text.assemble(
        (one_line(pool, 128), "bold"),
        "  ",
        ("█" * full, style),
        ("░" * (BAR_LETTERS - full), "dim"),
        f"  {status.score:.0%}",
    )


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, pad_edge=False)


def _name(name: str) -> Text:
    return Text(one_line(name, 128), style="bold", overflow="fold")
