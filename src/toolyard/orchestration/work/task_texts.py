"""Items of work as members read them."""

from __future__ import annotations

from textwrap import indent

from toolyard.orchestration.work.item import WorkItem


def described(item: WorkItem) -> str:
    """The item with all that must be known to do it."""
    return f"Item {_headed(item)}"


def listed(item: WorkItem, *, is_done: bool = False, waits_for: str = "") -> str:
    """The item in a list: done, open, or waiting for others."""
    text = f"[{'x' if is_done else ' '}] {_headed(item)}"
    return f"{text}\n  It waits for: {waits_for}" if waits_for else text


def _headed(item: WorkItem) -> str:
    lines = [f"{item.id}: {item.title}" if item.title else item.id]
    if item.description:
        lines.append(indent(item.description, "  "))
    if item.acceptance_criteria:
        lines.append("  It is accepted when:")
        lines += (f"  - {indent(each, '    ').lstrip()}" for each in item.acceptance_criteria)
    return "\n".join(lines)
