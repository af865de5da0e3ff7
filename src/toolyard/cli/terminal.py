"""What the command line writes, and where: results to stdout, all else to stderr."""

from __future__ import annotations

import json
import logging
import sys
from io import TextIOWrapper
from typing import Any
from unicodedata import category

from rich.console import Console
from rich.logging import RichHandler

OUT = Console(highlight=False, emoji=False)
WIDE = Console(highlight=False, emoji=False, width=1_000)
"""Standard output where no terminal cuts it: a row of a table is a line."""
ERR = Console(stderr=True, highlight=False, emoji=False)
PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def write(text: str) -> None:
    """Lines of a result, as they are but for what could steer a terminal."""
    sys.stdout.write(printable(text) + "\n")
    sys.stdout.flush()


def write_json(value: Any) -> None:
    """One JSON document for a script, in ASCII: nothing in it can steer a terminal."""
    write(json.dumps(value))


def say(text: str, style: str = "dim") -> None:
    """A sentence to the user, which is no result; a command in it stays in one line."""
    ERR.print(printable(text), style=style, markup=False, soft_wrap=True)


def tolerate_any_letter() -> None:
    """Where the streams' encoding lacks a letter, show a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def start_logging(level: int) -> None:
    """Log lines to stderr: ours from `level` on, other people's from warnings on."""
    if ERR.is_terminal:
        handler: logging.Handler = RichHandler(
            console=ERR, show_path=False, markup=False, rich_tracebacks=False
        )
        handler.setFormatter(_Printable("%(message)s"))
    else:  # a file or a collector: one event, one line
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Printable(PLAIN))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("toolyard").setLevel(level)
    logging.getLogger("mcp").setLevel(logging.ERROR)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)


class _Printable(logging.Formatter):
    """Clients choose some of what is logged."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def one_line(text: str, width: int = 100) -> str:
    """The first line of `text`, without what could steer a terminal."""
    clean = printable(text.strip().split("\n", 1)[0]).replace("\t", " ")
    return clean if len(clean) <= width else f"{clean[: width - 1]}…"


def printable(text: str) -> str:
    """`text` without what could steer a terminal or turn letters around; foreign tools wrote it."""
    return "".join(map(_shown, text))


def _shown(letter: str) -> str:
    if letter.isprintable() or letter in "\n\t":
        return letter
    return " " if category(letter) == "Zs" else ""
