"""What the command line writes, and where: results to stdout, all else to stderr."""

from __future__ import annotations

import json
import logging
import os
import sys
from copy import copy
from typing import Any, TextIO

from toolyard.cli.standard_streams import STDERR, give_up, put, to_stdout
from toolyard.core.log_lines import LogLines, stderr_handler
from toolyard.core.printable import printable

COLOURED = frozenset({"FORCE_COLOR", "TTY_COMPATIBLE"})
"""The variables that have rich take for a terminal what is none."""
LIBRARIES = {
    "mcp": logging.ERROR,
    "mcp.client": logging.CRITICAL,
    "client": logging.CRITICAL,  # the SDK's too
    "httpx2": logging.ERROR,
    "httpcore2": logging.ERROR,
    "uvicorn": logging.ERROR,
    "stamina": logging.ERROR,  # says that something is tried again, and not what
}
"""From which level on libraries are heard; what a remote server does wrong is told by us."""
REMARKS = "toolyard.clients.remarks"


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
    console = None
    if is_terminal(sys.stderr):
        from toolyard.cli.consoles import ERR

        console = ERR
    handler = stderr_handler(console, _CommandLines)
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


class _CommandLines(LogLines):
    """A library's traceback helps nobody."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name.partition(".")[0] in LIBRARIES:
            record = copy(record)
            record.exc_info = record.exc_text = record.stack_info = None
        return super().format(record)
