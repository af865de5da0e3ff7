"""How mounts look at a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from toolyard.cli.ages import ago
from toolyard.cli.consoles import OUT, WIDE, show
from toolyard.core.printable import one_line

STYLES = {"ready": "green", "disabled": "dim", "draining": "yellow", "starting": "yellow"}
BAD = "red"
COUNTS = ("tools", "calls", "errors", "latency_ms", "restarts")


def show_mounts(mounts: Sequence[Mapping[str, Any]]) -> None:
    """One line for each mount."""
    table = _table("Mount", "From", "State", "Tools")
    for mount in mounts:
        table.add_row(_name(mount["name"]), *_common(mount), str(mount["tools"]))
    show(table, console=OUT if OUT.is_terminal else WIDE)


def show_health(mounts: Mapping[str, Mapping[str, Any]]) -> None:
    """All that operators want to know of each mount."""
    table = _table(
        "Mount",
        "From",
        "State",
        "Since",
        "Tools",
        "Calls",
        "Errors",
        "ms",
        "Restarts",
        "Last error",
    )
    for name, mount in mounts.items():
        table.add_row(
            _name(name),
            *_common(mount),
            ago(mount.get("since")),
            *(_number(mount.get(key)) for key in COUNTS),
            Text(one_line(mount.get("last_error") or "")),
        )
    show(table, console=OUT if OUT.is_terminal else WIDE)


def told_of_swap(name: str, comparison: Mapping[str, Sequence[str]]) -> str:
    """What a swap changed for callers, in lines."""
    lines = [
        f"{what}: {', '.join(comparison[what])}"
        for what in ("added", "removed", "changed")
        if comparison[what]
    ]
    return "\n".join([f"{name} is swapped.", *lines, *comparison["breaks"]])


def _table(*columns: str) -> Table:
    return Table(*columns, show_lines=False, box=None, pad_edge=False)


def _name(name: str) -> Text:
    return Text(one_line(name), style="bold", overflow="fold")


def _common(mount: Mapping[str, Any]) -> tuple[Text, Text]:
    state = one_line(str(mount["state"]))
    return Text(one_line(str(mount["from"]))), Text(state, style=STYLES.get(state, BAD))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
