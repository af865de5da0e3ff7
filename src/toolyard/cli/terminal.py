"""What the command line writes, and where: results to stdout, all else to stderr."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from copy import copy
from io import TextIOWrapper
from typing import Any, TextIO, cast
from unicodedata import category

import typer
from rich.console import Console, RenderableType
from rich.logging import RichHandler

from toolyard.core.errors import ConfigError

STDIN, STDOUT, STDERR = 0, 1, 2
UNREAD = 141
"""The exit code of a command whose reader went away, as shells have it of SIGPIPE."""
OUT = Console(highlight=False, emoji=False)
WIDE = Console(highlight=False, emoji=False, width=1_000)
"""Standard output where no terminal cuts it: a row of a table is a line."""
ERR = Console(stderr=True, highlight=False, emoji=False)
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
        Exit: Nobody reads it any more, which is no error to speak of.
    """
    with _to_stdout():
        _put(sys.stdout, printable(text) + "\n")


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


def show(*things: RenderableType, console: Console = OUT, **options: Any) -> None:
    """Results as rich draws them; raises what `write` does."""
    with _to_stdout():
        _put(sys.stdout, _drawn(console, *things, **options))


def say(text: str, style: str = "dim") -> None:
    """A sentence to the user, which is no result; a command in it stays in one line."""
    try:
        _put(sys.stderr, _drawn(ERR, printable(text), style=style, markup=False, soft_wrap=True))
    except OSError:  # there is nobody to tell
        give_up(STDERR)


def _drawn(console: Console, *things: RenderableType, **options: Any) -> str:
    """What `console` would print: where that fails, it does more than to raise."""
    with console.capture() as drawn:
        console.print(*things, **options)
    return drawn.get()


def _put(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()


@contextmanager
def _to_stdout() -> Generator[None]:
    try:
        yield
    except BrokenPipeError:
        give_up(STDOUT)
        raise typer.Exit(UNREAD) from None
    except OSError as error:
        give_up(STDOUT)
        raise ConfigError(f"Standard output cannot be written: {error.strerror}.") from None


def give_up(descriptor: int) -> None:
    """Send the rest of a stream that failed nowhere, so that ending does not fail once more."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, descriptor)
    os.close(nothing)


def open_standard_streams() -> None:
    """Have all three descriptors taken, or the next file that is opened becomes one of them.

    Standard input that was closed is at its end, output cannot be written, and errors go nowhere.
    """
    sys.stdin = _taken(STDIN, sys.stdin, "r", os.O_RDONLY)
    sys.stdout = _taken(STDOUT, sys.stdout, "w", os.O_RDONLY)
    sys.stderr = _taken(STDERR, sys.stderr, "w", os.O_WRONLY)


def _taken(descriptor: int, stream: TextIO | None, mode: str, flags: int) -> TextIO:
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, flags)  # the lowest one that is free, which is this one
    if stream is not None:
        return stream
    return cast("TextIO", open(descriptor, mode, encoding="utf-8", closefd=False))


def tolerate_any_letter() -> None:
    """Where the streams' encoding lacks a letter, show a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def start_logging(level: int, *, remarks: bool = False) -> None:
    """Log lines to stderr: ours from `level` on, other people's from warnings on.

    With `remarks`, also what processes that we start say on their standard error.
    """
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
    logging.getLogger(REMARKS).setLevel(logging.INFO if remarks else logging.NOTSET)
    for library, least in LIBRARIES.items():
        logging.getLogger(library).setLevel(least)


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
