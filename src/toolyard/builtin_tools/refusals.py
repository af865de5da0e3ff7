"""What a calculator says about characters and names it does not know."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable

from toolyard.builtin_tools.functions import CONSTANTS, FUNCTIONS
from toolyard.builtin_tools.tokens import called, place, placed
from toolyard.core.errors import ToolError

_WRITE_INSTEAD = {
    "pow": "^",
    "mod": "%",
    "avg": "mean",
    "average": "mean",
    "variance": "var",
    "stddev": "std",
    "int": "trunc",
}
_ABOUT_CHARACTERS = {
    "\n\r\v\f": "an expression is one line",
    "#": "there are no comments",
    "=<>": "there are no comparisons and no variables",
    "&|~@": "only + - * / % // ^ are operators",
    "!": "write factorial(5) for 5!",
    "'\"`": "there is no text, only numbers",
    "_": "names and numbers have no underscore",
    ".": "a point belongs between or beside the digits of a number",
    "{}": "write ( ) or [ ]",
    ";:\\": "write one expression",
    "\u2212\u2013\u2014": "write -",
    "\u00d7\u00b7\u22c5": "write *",
    "\u00f7\u2215": "write /",
    "\u00b2\u00b3": "write ^2 or ^3",
    "\u03c0": "write pi",
    "\u221a": "write sqrt(2)",
}


def about_character(character: str, position: int) -> str:
    """Why a character is not allowed, and what to write instead of it."""
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    shown = character if character.isprintable() and character.isascii() else name
    about = next((why for those, why in _ABOUT_CHARACTERS.items() if character in those), None)
    reason = f": {about}" if about else ""
    return f"The character {shown} at character {position + 1} is not allowed{reason}."


def refuse_keyword(token: re.Match[str], name: str) -> None:
    """Raise `ToolError` if `name` is a word of Python's, such as `if` or `lambda`."""
    if keyword.iskeyword(name):
        raise ToolError(
            f"There is no {placed(token)}: only arithmetic, no logic, conditions or loops."
        )


def about_name(token: re.Match[str]) -> str:
    """Why a name that is no constant is not allowed."""
    name = token[0]
    if name.lower() in FUNCTIONS:
        return f"The function {placed(token)} needs brackets: {name.lower()}(...)."
    return f"Unknown name {placed(token)}; {_instead(name, CONSTANTS)}"


def about_function(token: re.Match[str]) -> str:
    """Why a call of what is no function is not allowed."""
    name = called(token)
    where = place(name, token.start())
    if name in CONSTANTS:
        return f"The constant {where} is no function; write {name} * (...) to multiply."
    return f"Unknown function {where}; {_instead(name, FUNCTIONS)}"


def _instead(name: str, known: Iterable[str]) -> str:
    if name in _WRITE_INSTEAD:
        return f"use {_WRITE_INSTEAD[name]}."
    from difflib import get_close_matches  # for mistakes only

    near = get_close_matches(name.lower(), known, 1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}."
