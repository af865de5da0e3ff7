"""What a docstring says: about the whole, and about each argument."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from docstring_parser import DocstringStyle, ParseError, parse

_ARGUMENTS = re.compile(r"(Args|Arguments|Parameters|Params):\s*")
_OTHERS = re.compile(r"(Returns?|Yields?|Raises|Exceptions|Except):\s*")


@dataclass(frozen=True, slots=True)
class Documentation:
    """The prose of a docstring, and the descriptions in its Google `Args:` section."""

    text: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict[str, str])


def read_documentation(function: Callable[..., Any]) -> Documentation:
    """The docstring of `function`, without the sections about returning and raising."""
    while isinstance(function, partial):  # whose own docstring is that of `partial`
        function = cast("partial[Any]", function).func
    prose: list[str] = []
    arguments: list[str] = []
    kept = prose
    for line in _docstring(function).splitlines():
        if _ARGUMENTS.fullmatch(line):
            kept = arguments
        elif _OTHERS.fullmatch(line):
            kept = []
        elif line[:1].strip():  # a line that is not indented ends the section
            kept = prose
        kept.append(line)
    return Documentation("\n".join(prose).strip(), _described("\n".join(arguments)))


def _docstring(function: Callable[..., Any]) -> str:
    if not inspect.isroutine(function):  # an object that is called, described by either
        method = inspect.getdoc(type(function).__call__)
        if method and method != inspect.getdoc(object.__call__):
            return method
    return inspect.getdoc(function) or ""


def _described(section: str) -> dict[str, str]:
    try:
        # without the newline the parser would take the section's indentation away
        parsed = parse("\n" + section, style=DocstringStyle.GOOGLE)
    except ParseError:  # a docstring is prose: one that cannot be read describes nothing
        return {}
    return {each.arg_name: " ".join((each.description or "").split()) for each in parsed.params}
