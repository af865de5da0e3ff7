"""Elements such as `<tag name="value">content</tag>` in a text that is mostly something else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from operator import attrgetter
from typing import NamedTuple

_VALUE = r"\"[^\"]*+\"|'[^']*+'|(?:[^\s\"'<>/]|/(?!\s*+>))++"
_ATTRIBUTE = re.compile(rf"\s*+(?P<name>[A-Za-z_][\w.:-]*+)(?:\s*+=\s*+(?P<value>{_VALUE}))?")
_END = re.compile(r"\s*+(?P<slash>/?)\s*+>")
_NO_MORE = r"(?![\w.:-])"


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a text: `text[start:end]`, with `text[inner_start:inner_end]` inside."""

    name: str
    """As it was asked for, whatever the case of letters in the text."""
    start: int
    inner_start: int
    inner_end: int
    end: int
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    """Their values, with entities such as `&quot;` read; one without a value has its own name."""


class Markup(NamedTuple):
    """What there is of some elements in a text."""

    elements: Sequence[Element]
    """Those that are whole, in order of their starts; they may stand inside each other."""
    unclosed: Sequence[str]
    """The names of those that have no end, in order of their starts."""


class _Opened(NamedTuple):
    start: int
    name: str
    end: int
    is_whole: bool
    attributes: Mapping[str, str]


def read_markup(text: str, names: Iterable[str]) -> Markup:
    """Find every element of one of the `names` in `text`, in any case of letters.

    A closing tag belongs to the nearest opening one of its name before it that has none yet, so
    that a tag that is merely mentioned hurts no other. What is no tag after all is text.
    """
    known = {name.lower(): name for name in names}
    alternatives = "|".join(map(re.escape, known))
    tag = re.compile(rf"<(?P<slash>/?)\s*+(?P<name>{alternatives}){_NO_MORE}", re.IGNORECASE)
    waiting: dict[str, list[_Opened]] = {name: [] for name in known}
    found: list[Element] = []
    at = 0
    while (start := tag.search(text, at)) is not None:
        name = start["name"].lower()
        at = start.end()
        if start["slash"]:
            end = _END.match(text, at)
            if end is not None and waiting[name]:
                begun = waiting[name].pop()
                found.append(_element(begun, known[name], start.start(), end.end()))
            continue
        opened = _opened(text, start, name)
        if opened is None:
            continue
        at = opened.end
        if opened.is_whole:
            found.append(_element(opened, known[name], at, at))
        else:
            waiting[name].append(opened)
    left = sorted(each for several in waiting.values() for each in several)
    return Markup(sorted(found, key=attrgetter("start")), [known[each.name] for each in left])


def outermost(elements: Iterable[Element]) -> list[Element]:
    """Those of `elements`, which are in order, that are inside of no other."""
    kept: list[Element] = []
    for element in elements:
        if not kept or element.start >= kept[-1].end:
            kept.append(element)
    return kept


def _element(opened: _Opened, name: str, inner_end: int, end: int) -> Element:
    return Element(name, opened.start, opened.end, inner_end, end, opened.attributes)


def _opened(text: str, start: re.Match[str], name: str) -> _Opened | None:
    attributes: dict[str, str] = {}
    at = start.end()
    while (found := _ATTRIBUTE.match(text, at)) is not None:
        attributes.setdefault(found["name"], _value(found["value"], found["name"]))
        at = found.end()
    end = _END.match(text, at)
    if end is None:
        return None
    return _Opened(start.start(), name, end.end(), bool(end["slash"]), attributes)


def _value(written: str | None, name: str) -> str:
    if written is None:
        return name
    return unescape(written[1:-1] if written[0] in "\"'" else written)
