"""What rich draws, and where."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console, RenderableType

from toolyard.cli.standard_streams import put, to_stdout

OUT = Console(highlight=False, emoji=False)
WIDE = Console(highlight=False, emoji=False, width=1_000)
"""Standard output where no terminal cuts it: a row of a table is a line."""
ERR = Console(stderr=True, highlight=False, emoji=False)


def show(*things: RenderableType, console: Console = OUT, **options: Any) -> None:
    """Results as rich draws them; raises what `toolyard.cli.terminal.write` does."""
    with to_stdout():
        put(sys.stdout, drawn(console, *things, **options))


def drawn(console: Console, *things: RenderableType, **options: Any) -> str:
    """What `console` would print: where that fails, it does more than to raise."""
    with console.capture() as text:
        console.print(*things, **options)
    return text.get()
