"""The words of a calculator's expression, and where one stands in it."""

from __future__ import annotations

import re

_MAX_SHOWN = 40

NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

TOKEN = re.compile(
    rf"""(?P<space>[ \t]+)
      | (?P<number>{NUMBER.pattern})
      | (?P<call>[A-Za-z][A-Za-z0-9]*[ \t]*\()
      | (?P<name>[A-Za-z][A-Za-z0-9]*)
      | (?P<operator>\*\*|//|[-+*/%^])
      | (?P<open>[(\[])
      | (?P<close>[)\]])
      | (?P<comma>,)""",
    re.VERBOSE,
)
# What was read as a number is not read again as a shorter one ((?>...), {2,}+), and blanks belong
# to one place only, so that the time grows with the length and not with its square.
SERIES = re.compile(rf"(?:(?:[-+][ \t]*)?(?>{NUMBER.pattern})[ \t]*(?:,[ \t]*|(?=[)\]]))){{2,}}+")
"""Two or more elements of a list or a call that are but numbers, with the commas after them."""


def python(token: re.Match[str]) -> str:
    """The token as Python writes it; every number a float, so that no large integer exists."""
    text = token[0]
    match token.lastgroup:
        case "space":
            return ""
        case "number":
            return text if "." in text or "e" in text.lower() else f"{text}."
        case "call":
            return f"{called(token)}("
        case _:
            return "**" if text == "^" else text


def called(token: re.Match[str]) -> str:
    """The name of the function in a token of the kind `call`."""
    return token[0][:-1].rstrip().lower()


def place(piece: str, start: int) -> str:
    """The words that point at `piece`, of which the first character is number `start`."""
    short = piece if len(piece) <= _MAX_SHOWN else f"{piece[: _MAX_SHOWN - 3]}..."
    return f"{short!r} at character {start + 1}"


def placed(token: re.Match[str]) -> str:
    """The words that point at `token`."""
    return place(token[0], token.start())
