"""How runs and their steps look at a terminal."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from toolyard.cli.ages import lasting
from toolyard.cli.consoles import OUT, WIDE, show
from toolyard.cli.terminal import json_of, write
from toolyard.core.printable import one_line, printable

if TYPE_CHECKING:
    from toolyard.wiring.runs import RunRecord, StepRecord

STYLES = {
    "complete": "green",
    "done": "green",
    "failed": "red",
    "waiting": "yellow",
    "paused": "yellow",
    "intent": "cyan",
    "running": "cyan",
    "cancelled": "dim",
}
IN_FLIGHT, IN_DOUBT = "in flight", "in doubt"
"""How a step is called that was begun and is not over, or whose end nobody knows."""


def show_runs(records: Sequence[RunRecord], tasks: Sequence[str]) -> None:
    """One line for each run."""
    table = Table("Run", "State", "Of", "Task", "Begun", box=None, pad_edge=False)
    for record, task in zip(records, tasks, strict=True):
        table.add_row(
            Text(one_line(record.run_id, 200), style="bold", overflow="fold"),
            Text(record.state, style=STYLES[record.state]),
            Text(one_line(record.name, 40)),
            Text(one_line(task, 60)),
            f"{lasting(time.time() - record.created_at)} ago",
        )
    show(table, console=OUT if OUT.is_terminal else WIDE)


def show_run(record: RunRecord, task: str, steps: Sequence[StepRecord]) -> None:
    """What is known of a run, and its steps as a tree of the scopes that they were made in."""
    facts = [f"{lasting(record.updated_at - record.created_at)} from begin to last change"]
    facts += [] if record.forked_from is None else [_origin(record)]
    facts += [] if record.owner is None else ["executed now"]
    top = Text.assemble(
        (one_line(record.run_id, 200), "bold"),
        f"  {one_line(record.name, 60)}  ",
        (record.state, STYLES[record.state]),
        (f"  {', '.join(facts)}", "dim"),
    )
    tree = Tree(top, guide_style="dim")
    scopes: dict[tuple[str, ...], Tree] = {(): tree}
    for step in steps:
        _scope(scopes, step.path).add(_line(step))
    parts: list[Any] = [Text(one_line(task, 300), style="italic"), tree]
    if record.error is not None:
        parts.append(Text(printable(record.error), style="red"))
    show(*parts, console=OUT if OUT.is_terminal else WIDE)


def show_step(step: StepRecord) -> None:
    """What a step was given, and what it gave."""
    show(_line(step), console=OUT if OUT.is_terminal else WIDE)
    write(json.dumps({"input": step.input, "output": step.output}, indent=2, ensure_ascii=False))


def question(step: StepRecord) -> str:
    """What a person is asked, and who that is."""
    asked: Any = step.input
    if isinstance(asked, dict):
        said = cast("dict[str, Any]", asked)
        if said.keys() == {"to", "said"}:
            return f"{said['to']} is asked: {said['said']}"
    return f"Somebody is asked: {asked if isinstance(asked, str) else json_of(asked)}"


def _origin(record: RunRecord) -> str:
    return f"forked from {one_line(record.forked_from or '', 200)} before #{record.forked_at_step}"


def _scope(scopes: dict[tuple[str, ...], Tree], path: tuple[str, ...]) -> Tree:
    """The branch of a scope, made where it is missing, below those around it."""
    if path not in scopes:
        above = _scope(scopes, path[:-1])
        scopes[path] = above.add(Text(one_line(path[-1], 80), style="bold"))
    return scopes[path]


def _line(step: StepRecord) -> Text:
    took = "" if step.ended_at is None else f"  {step.ended_at - step.begun_at:.2f} s"
    state, style = step.state, STYLES[step.state]
    if step.state == "intent":
        state, style = (IN_DOUBT, "yellow") if step.is_flagged else (IN_FLIGHT, style)
    return Text.assemble(
        (f"#{step.seq} ", "dim"),
        one_line(step.name, 60) + ("" if step.n == 0 else f"[{step.n}]"),
        (f"  {one_line(step.kind, 20)}" if step.kind != step.name else "", "dim"),
        f"  {time.strftime('%H:%M:%S', time.localtime(step.begun_at))}",
        took,
        "  ",
        (state, style),
        (f"  begun {step.attempts} times" if step.attempts > 1 else "", "yellow"),
        ("  flagged: may have been done twice or never" if step.is_flagged else "", "yellow"),
    )
