"""The examples below a command's help."""

from __future__ import annotations


def examples(*lines: str) -> str:
    """An epilog that shows `lines` as they are typed; a line may go on after a backslash."""
    shown = "\n".join(f"  {line}".replace("\n", "\n      ") for line in lines)
    return f"[bold]Examples[/bold]\n\n{shown.replace('[', _BRACKET)}".replace(_BRACKET, "[")
