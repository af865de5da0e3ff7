"""The examples below a command's help."""

from __future__ import annotations


def examples(*commands: str) -> str:
    """An epilog that shows `commands` as they are typed, one below the other."""
    lines = "\n".join(commands)
    if "[" in lines:  # only then there may be something to escape
        from rich.markup import escape

        lines = escape(lines)
    return f"[bold]Examples[/bold]\n\n{lines}"
