"""What the command line writes, and where: results to stdout, all else to stderr."""

from __future__ import annotations

import json
import logging
import os
import sys
from copy import copy
from typing import Any, TextIO
from unicodedata import category

from toolyard.cli.standard_streams import STDERR, give_up, put, to_stdout

COLOURED = frozenset({"FORCE_COLOR", "TTY_COMPATIBLE"})
"""The variables that have rich take for a terminal what is none."""
LIBRARIES = {
    "mcp": logging.ERROR,
    "mcp.client": logging.CRITICAL,
    "client": logging.CRITICAL,  # the SDK's too
    "httpx2": logging.ERROR,
    "httpcore2": logging.ERROR,
    "uvicorn": logging.ERROR,
}
"""From which level on libraries are heard; what a remote server does wrong is told by us."""
REMARKS = "toolyard.clients.remarks"
PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def write(text: str) -> None:
    """Lines of a result, as they are but for what could steer a terminal.

    Raises:
        ConfigError: Standard output takes nothing; the text says why.
        Unread: Nobody reads it any more, which is no error to speak of.
    """
    with to_stdout():
        put(sys.stdout, printable(text) + "\n")


def write_json(value: Any) -> None:
    """One JSON document for a script, in ASCII: nothing in it can steer a terminal."""
    write(json_of(value))


def json_of(value: Any) -> str:
    """`value` as JSON. What JSON has no number for, such as 1e999, is null."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(json.loads(json.dumps(value), parse_constant=_null))


def _null(constant: str) -> None:
    del constant


def say(text: str, style: str = "dim") -> None:
    """A sentence to the user, which is no result; a command in it stays in one line."""
    from toolyard.cli.consoles import ERR, drawn

    try:
        put(sys.stderr, drawn(ERR, printable(text), style=style, markup=False, soft_wrap=True))
    except OSError:  # there is nobody to tell
        give_up(STDERR)


def start_logging(level: int, *, remarks: bool = False) -> None:
    """Log lines to stderr: ours from `level` on, other people's from warnings on.

    With `remarks`, also what processes that we start say on their standard error.
    """
    if is_terminal(sys.stderr):
        from rich.logging import RichHandler

        from toolyard.cli.consoles import ERR

        handler: logging.Handler = RichHandler(
            console=ERR, show_path=False, markup=False, rich_tracebacks=False
        )
        handler.setFormatter(_Printable("%(message)s"))
    else:  # a file or a collector: one event, one line
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Printable(PLAIN))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("toolyard").setLevel(level)
    logging.getLogger(REMARKS).setLevel(logging.INFO if remarks else logging.NOTSET)
    for library, least in LIBRARIES.items():
        logging.getLogger(library).setLevel(least)


def is_terminal(stream: TextIO) -> bool:
    """Whether rich draws for a terminal there; it need not be loaded to tell that it does not."""
    if not (stream.isatty() or COLOURED & os.environ.keys()):
        return False
    from toolyard.cli.consoles import ERR, OUT

    return ERR.is_terminal if stream is sys.stderr else OUT.is_terminal


class _Printable(logging.Formatter):
    """Clients and servers choose some of what is logged; a library's traceback helps nobody."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name.partition(".")[0] in LIBRARIES:
            record = copy(record)
            record.exc_info = record.exc_text = record.stack_info = None
        return printable(super().format(record))


def one_line(text: str, width: int = 100) -> str:
    """The first line of `text`, without what could steer a terminal."""
    clean = printable(text.strip().split("\n", 1)[0]).replace("\t", " ")
    return clean if len(clean) <= width else f"{clean[: width - 1]}…"


def printable(text: str) -> str:
    """`text` without what could steer a terminal or turn letters around; foreign tools wrote it."""
    if text.isprintable():  # as nearly every line of a log, of which there is one for each call
        return text
    return "".join(map(_shown, text))


def _shown(letter: str) -> str:
    if letter.isprintable() or letter in "\n\t":
        return letter
    return " " if category(letter) == "Zs" else ""
