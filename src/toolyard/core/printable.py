"""Text that somebody else wrote, for people at a terminal or a log: nothing in it steers one."""

from __future__ import annotations

from unicodedata import category


def printable(text: str) -> str:
    """`text` without what could steer a terminal or turn letters around; foreign tools wrote it."""
    if text.isprintable():  # as nearly every line of a log, of which there is one for each call
        return text
    return "".join(map(_shown, text))


def one_line(text: str, width: int = 100) -> str:
    """The first line of `text`, without what could steer a terminal."""
    return _cut(printable(text.strip().split("\n", 1)[0]).replace("\t", " "), width)


def on_one_line(text: str, width: int = 100) -> str:
    """As `one_line`, with as many of the lines as there is room for, one after the other."""
    return _cut(" ".join(printable(text[: 10 * width]).split()), width)


def escaped(text: str, most: int = 200) -> str:
    """The start of `text` on one line, what cannot be printed by its code."""
    return repr(text[:most])[1:-1]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _shown(letter: str) -> str:
    if letter.isprintable() or letter in "\n\t":
        return letter
    return " " if category(letter) == "Zs" else ""
