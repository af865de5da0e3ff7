"""The lines that somebody types, or a script sends."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress

from toolyard.cli.standard_streams import put
from toolyard.core.errors import ConfigError


def next_line(prompt: str) -> str:
    """The next line, without its end; the prompt is shown at a terminal only.

    It blocks, so it is for a thread without an event loop.

    Raises:
        EOFError: There is none.
        ConfigError: A script sends what is no text.
    """
    is_typed = sys.stdin.isatty()
    try:
        if is_typed and sys.stdout.isatty():
            line = input(prompt) + "\n"  # with the history and the keys of readline
        else:
            line = _read(prompt if is_typed else "")
        line.encode()  # a terminal may pass on halves of letters
    except UnicodeError:
        if is_typed:
            return ""
        raise ConfigError("Standard input is no text in the encoding of your locale.") from None
    if not line:
        raise EOFError
    return line.removesuffix("\n")


def answer(question: str) -> str:
    """What is answered to a question in the middle of a turn; empty at the end of input."""
    try:
        return _read(question).strip().lower()
    except UnicodeError:
        return ""


def remember(lines: Iterable[str]) -> None:
    """Have the arrow keys offer `lines` at a terminal."""
    if not sys.stdin.isatty():
        return
    with suppress(ImportError):  # it is not everywhere
        import readline

        for line in lines:
            if "\n" not in line:
                readline.add_history(line)


def _read(prompt: str) -> str:
    put(sys.stderr, prompt)
    return sys.stdin.readline()
