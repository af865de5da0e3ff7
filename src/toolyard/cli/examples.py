"""The examples below a command's help."""

from __future__ import annotations

from rich.markup import escape


def examples(*commands: str) -> str:
    """An epilog that shows `commands` as they are typed, one below the other."""
    lines = "\n".join(commands)
    return f"[bold]Examples[/bold]\n\n{escape(lines)}"
