"""What the command line writes, and where: results to stdout, all else to stderr."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from rich.console import Console
from rich.logging import RichHandler

OUT = Console(highlight=False)
ERR = Console(stderr=True, highlight=False)
PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def write_json(value: Any) -> None:
    """One JSON document for a script."""
    sys.stdout.write(json.dumps(value, indent=None, ensure_ascii=False) + "\n")


def start_logging(level: int) -> None:
    """Log lines to stderr: ours from `level` on, other people's from warnings on."""
    if ERR.is_terminal:
        handler = RichHandler(console=ERR, show_path=False, markup=False, rich_tracebacks=False)
        logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    else:  # a file or a collector: one event, one line
        logging.basicConfig(level=logging.WARNING, format=PLAIN, stream=sys.stderr)
    logging.getLogger("toolyard").setLevel(level)
    logging.getLogger("mcp").setLevel(logging.ERROR)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)


def one_line(text: str, width: int = 100) -> str:
    """The first line of `text`, without what could steer a terminal."""
    first = text.strip().split("\n", 1)[0]
    clean = "".join(letter for letter in first if letter.isprintable())
    return clean if len(clean) <= width else f"{clean[: width - 1]}…"


def printable(text: str) -> str:
    """`text` without what could steer a terminal; foreign tools wrote it."""
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
