"""What a docstring says: about the whole, and about each argument."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

_ARGUMENTS = re.compile(r"(Args|Arguments|Parameters|Params):\s*")
_ENTRY = re.compile(
    r"\s*(?P<names>\*{0,2}`?\w+`?(?:\s*,\s*\*{0,2}`?\w+`?)*)\s*(?:\(.*?\)\s*)?(?::|\s-{1,2}\s)(?P<text>.*)"
)
"""`name: ...`, `name (type): ...`, `name - ...`, `name, other: ...`."""
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
    described, unread = _described(arguments)
    return Documentation("\n".join([*prose, *unread]).strip(), described)


def _docstring(function: Callable[..., Any]) -> str:
    if not inspect.isroutine(function):  # an object that is called, described by either
        method = inspect.getdoc(type(function).__call__)
        if method and method != inspect.getdoc(object.__call__):
            return method
    return inspect.getdoc(function) or ""


def _described(section: Sequence[str]) -> tuple[dict[str, str], Sequence[str]]:
    """What the section says about each argument, and the lines that say something else."""
    described: dict[str, str] = {}
    unread: list[str] = []
    for entry in _entries(section[1:]):
        found = _ENTRY.match(entry[0])
        if found is None:
            unread += entry
            continue
        text = " ".join(" ".join([found["text"], *entry[1:]]).split())
        described |= dict.fromkeys(re.findall(r"\w+", found["names"]), text)
    return described, ["", section[0], *unread] if unread else []


def _entries(lines: Sequence[str]) -> Iterator[Sequence[str]]:
    """The lines of each entry: the first one, and those that are indented further than it."""
    entry: list[str] = []
    depth = 0
    for line in filter(str.strip, lines):
        indentation = len(line) - len(line.lstrip())
        if entry and indentation > depth:
            entry.append(line)
            continue
        if entry:
            yield entry
        entry, depth = [line], indentation
    if entry:
        yield entry
