"""Where JSON arrays and objects stand in a text that is mostly something else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, cast

MOST_DEPTH = 100
"""Arrays and objects inside each other; parsers take about twice as many."""

_SPACE = r"[ \t\r\n]*+"
_STRING = r'"(?:[^"\\]++|\\.)*+"'
_NUMBER = r"(?>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)"
_EMPTY = rf"(?:\[{_SPACE}\]|\{{{_SPACE}\}})"
_PLAIN = rf"(?:{_STRING}|{_NUMBER}|true|false|null|{_EMPTY})"
"""A value that nothing has to be remembered for."""
_NAME = rf"{_STRING}{_SPACE}:{_SPACE}"
_ITEMS = rf"(?:{_PLAIN}{_SPACE},{_SPACE})*+(?:{_PLAIN}{_SPACE}(\])|(?=[\[{{]))"
_MEMBERS = rf"(?:{_NAME}{_PLAIN}{_SPACE},{_SPACE})*+{_NAME}(?:{_PLAIN}{_SPACE}(\}})|(?=[\[{{]))"

_AFTER_OPENING = {
    "[": re.compile(rf"{_SPACE}{_ITEMS}", re.DOTALL),
    "{": re.compile(rf"{_SPACE}{_MEMBERS}", re.DOTALL),
}
"""Goes on to the end of the container, which is a group, or to the next one inside it."""
_AFTER_VALUE = {
    "[": re.compile(rf"{_SPACE}(?:(\])|,{_SPACE}{_ITEMS})", re.DOTALL),
    "{": re.compile(rf"{_SPACE}(?:(\}})|,{_SPACE}{_MEMBERS})", re.DOTALL),
}
"""The same after a container that was inside it."""
_OPENINGS = re.compile(
    rf"[\[{{][\[{{ \t\r\n]*+"
    rf"(?:(?=(?P<object>{_STRING}{_SPACE}:)|(?P<array>{_PLAIN}{_SPACE}[,\]])|(?P<empty>[\]}}])))?",
    re.DOTALL,
)
"""All brackets that open next to each other, and what the last of them may be."""
_ARRAYS = re.compile(r"\[++(?P<empty>[ \t\r\n]*+\])?")
EMPTY = re.compile(_EMPTY)
"""An array or object with nothing in it."""
SCALAR = re.compile(rf"{_STRING}|{_NUMBER}|true|false|null", re.DOTALL)
"""A value that is neither array nor object."""


class Span(NamedTuple):
    """A well-formed array or object: `text[start:end]`."""

    start: int
    end: int
    depth: int
    """Of arrays and objects inside each other, itself included."""


class Spans(NamedTuple):
    """Those that stand by themselves, and those that are part of another, each in order."""

    outer: Sequence[Span]
    inner: Sequence[Span]


def json_spans(text: str) -> Spans:
    """Find every array and object in `text` but empty ones, in time that grows with it alone.

    Control characters in strings and escapes that JSON does not know are let pass, and what is
    inside of something deeper than `MOST_DEPTH` is left out.
    """
    outer: list[Span] = []
    inner: list[Span] = []
    end = 0
    for span in sorted(_Search(text).spans()):
        if span.start >= end:
            outer.append(span)
            end = span.end
        elif outer[-1].depth <= MOST_DEPTH:
            inner.append(span)
    return Spans(outer, inner)


class _Search:
    """Follows the grammar from each place where a container may start.

    No container is gone through twice. Where a try fails, all that are still open have failed,
    so none of them is tried again. A later try can only start inside a string of an earlier one,
    and sees strings where that one saw none, so the two have no container in common.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._tried = bytearray(len(text))
        self._spans: list[Span] = []

    def spans(self) -> list[Span]:
        for run in _OPENINGS.finditer(self._text):
            if run.lastgroup is not None:
                start = _start(run)
                if start is not None and not self._tried[start]:
                    self._follow(start)
        return self._spans

    def _follow(self, start: int) -> None:
        text, spans, tried = self._text, self._spans, self._tried
        opened, depths = [start], [1]
        tried[start] = 1
        at, rules = start + 1, _AFTER_OPENING
        while opened:
            found = rules[text[opened[-1]]].match(text, at)
            if found is None:
                return
            at = found.end()
            if found.lastindex:
                depth = depths.pop()
                spans.append(Span(opened.pop(), at, depth))
                if depths and depths[-1] <= depth:
                    depths[-1] = depth + 1
                rules = _AFTER_VALUE
                continue
            end = _brackets_end(text, at) if text.startswith("[[", at) else at + 1
            opened += range(at, end)
            depths += [1] * (end - at)
            tried[at:end] = b"\1" * (end - at)
            at, rules = end, _AFTER_OPENING


def _brackets_end(text: str, at: int) -> int:
    """Behind the arrays that open right behind each other from `at` on, but an empty one."""
    found = cast("re.Match[str]", _ARRAYS.match(text, at))
    return found.end() if found["empty"] is None else found.start("empty") - 1


def _start(run: re.Match[str]) -> int | None:
    """The first bracket of `run` that may lead to its end, if any.

    An object does not begin with a bracket: it is the last of a run, or empty, or none.
    """
    brackets = run.group().rstrip()
    if run.lastgroup == "empty":
        brackets = brackets[:-1].rstrip()
    kind = "{" if run.lastgroup == "object" else "["
    if not brackets.endswith(kind):
        return None
    useful = brackets[brackets.rfind("{", 0, -1) + 1 :].lstrip()
    return run.start() + len(brackets) - len(useful)
