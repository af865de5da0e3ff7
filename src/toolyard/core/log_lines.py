"""Log records as lines for people, of which nobody who is quoted in one can forge another."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from toolyard.core.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"
BARE = "%(message)s"
INDENT = "    "


class LogLines(logging.Formatter):
    """Clients, servers and models choose some of what is logged.

    Nothing steers a terminal, and whatever follows the first line of a record is indented.
    """

    def format(self, record: logging.LogRecord) -> str:
        """As described."""
        return printable(super().format(record)).replace("\n", "\n" + INDENT)


def stderr_handler(
    console: Console | None, formatter: Callable[[str], logging.Formatter] = LogLines
) -> logging.Handler:
    """Writes records to standard error: by rich on `console`, or plainly without one."""
    if console is None:  # a file or a collector
        handler: logging.Handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(formatter(PLAIN))
        return handler
    from rich.logging import RichHandler

    handler = RichHandler(console=console, show_path=False, markup=False, rich_tracebacks=False)
    handler.setFormatter(formatter(BARE))
    return handler
