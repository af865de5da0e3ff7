"""Standard input, output and error: taken, written to, and given up where that fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TextIO, cast

from toolyard.core.errors import ConfigError

STDIN, STDOUT, STDERR = 0, 1, 2
UNREAD = 141
"""The exit code of a command whose reader went away, as shells have it of SIGPIPE."""


class Unread(SystemExit):
    """Ends the command without a word: nobody reads what it writes any more."""


def put(stream: TextIO, text: str) -> None:
    """Write `text` at once."""
    stream.write(text)
    stream.flush()


@contextmanager
def to_stdout() -> Generator[None]:
    """Give up standard output where it cannot be written; raises what `write` does."""
    try:
        yield
    except BrokenPipeError:
        give_up(STDOUT)
        raise Unread(UNREAD) from None
    except OSError as error:
        give_up(STDOUT)
        raise ConfigError(f"Standard output cannot be written: {error.strerror}.") from None


def whole_input(what: str) -> str:
    """All that comes on standard input; `ConfigError`, which calls it `what`, if it is no text."""
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise ConfigError(f"The {what} on standard input is not UTF-8 text.") from None


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
