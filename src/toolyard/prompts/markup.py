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
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z]\w{1,31});")
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
    """Their values, with entities such as `&quot;` read; one without a value is `true`."""


class LooseTag(NamedTuple):
    """A tag without its other half: `text[start:end]`."""

    start: int
    end: int
    name: str
    is_closing: bool


class Markup(NamedTuple):
    """What there is of some elements in a text, each in order of their starts."""

    elements: Sequence[Element]
    """Those that are whole; they may stand inside each other, and cross."""
    loose: Sequence[LooseTag]


class _Opened(NamedTuple):
    start: int
    end: int
    is_whole: bool
    attributes: Mapping[str, str]


def read_markup(text: str, names: Iterable[str]) -> Markup:
    """Find every element of one of the `names` in `text`, in any case of letters.

    A closing tag belongs to the nearest opening one of its name before it that has none yet, so
    that a tag that is merely mentioned hurts no other. What is no tag after all is text.
    """
    known = {name.lower(): name for name in names}
    tag = _tag(known.values())
    waiting: dict[str, list[_Opened]] = {name: [] for name in known}
    found: list[Element] = []
    loose: list[LooseTag] = []
    at = 0
    while (start := tag.search(text, at)) is not None:
        key = start["name"].lower()
        name = known[key]
        at = start.end()
        if start["slash"]:
            end = _END.match(text, at)
            if end is None:
                continue
            at = end.end()
            if waiting[key]:
                found.append(_element(waiting[key].pop(), name, start.start(), at))
            else:
                loose.append(LooseTag(start.start(), at, name, is_closing=True))
        elif (opened := _opened(text, start)) is not None:
            at = opened.end
            if opened.is_whole:
                found.append(_element(opened, name, at, at))
            else:
                waiting[key].append(opened)
    for key, left in waiting.items():
        loose += [LooseTag(each.start, each.end, known[key], is_closing=False) for each in left]
    return Markup(sorted(found, key=attrgetter("start")), sorted(loose))


def outermost(elements: Iterable[Element]) -> list[Element]:
    """Those of `elements`, which are in order, that are inside of no other."""
    kept: list[Element] = []
    for element in elements:
        if not kept or element.start >= kept[-1].end:
            kept.append(element)
    return kept


def decoded(text: str) -> str:
    """`text` with entities such as `&lt;` read; an ampersand alone stays, as in addresses."""
    return _ENTITY.sub(lambda entity: unescape(entity.group()), text)


def untagged(text: str, names: Iterable[str]) -> str:
    """`text` in which whatever could be a tag of one of the `names` is text."""
    alternatives = "|".join(map(re.escape, names))
    return re.sub(rf"<(?=[\s/]*(?:{alternatives}){_NO_MORE})", "&lt;", text, flags=re.IGNORECASE)


def _tag(names: Iterable[str]) -> re.Pattern[str]:
    alternatives = "|".join(map(re.escape, names))
    # In ASCII alone letters that match are the same in lower case.
    return re.compile(rf"<(?:(?P<slash>/)\s*+)?(?P<name>{alternatives}){_NO_MORE}", re.I | re.A)


def _element(opened: _Opened, name: str, inner_end: int, end: int) -> Element:
    return Element(name, opened.start, opened.end, inner_end, end, opened.attributes)


def _opened(text: str, start: re.Match[str]) -> _Opened | None:
    attributes: dict[str, str] = {}
    at = start.end()
    while (found := _ATTRIBUTE.match(text, at)) is not None:
        attributes.setdefault(found["name"], _value(found["value"]))
        at = found.end()
    end = _END.match(text, at)
    return end and _Opened(start.start(), end.end(), bool(end["slash"]), attributes)


def _value(written: str | None) -> str:
    if written is None:
        return "true"
    return decoded(written[1:-1] if written[0] in "\"'" else written)
