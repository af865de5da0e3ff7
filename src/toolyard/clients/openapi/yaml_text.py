"""YAML 1.2 as far as JSON can say it, bounded; the library is needed only here.

The events of the parser become plain values: nothing is constructed, tags other than those of
plain values are refused, and an alias counts as much as what it stands for.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from toolyard.core.errors import ConfigError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_events = cast("Callable[[str, object], Iterator[yaml.Event]]", getattr(yaml, "parse"))  # noqa: B009 - its types are not complete
_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset((f"{_TAG}str", "!"))
_PLAIN_TAGS = frozenset(f"{_TAG}{name}" for name in ("int", "float", "bool", "null"))
_TABLE_TAGS = frozenset((None, "!", f"{_TAG}map"))
_LIST_TAGS = frozenset((None, "!", f"{_TAG}seq"))
_MERGE = "<<"

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], int | float]], ...] = (
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text, 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text, 16)),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
)


@dataclass(slots=True)
class _Open:
    """A table or a list that is not complete yet, and what it has come to."""

    held: dict[str, Any] | list[Any]
    anchor: str | None
    key: str | None = None
    is_merging: bool = False
    """Whether the key is a `<<` that is not quoted."""
    values: int = 1
    depth: int = 1
    merged: list[Any] = field(default_factory=list[Any])


@dataclass(frozen=True, slots=True)
class _Known:
    """What an anchor stands for, and how much it is."""

    value: Any
    values: int
    depth: int


def yaml_value(text: str, *, most_depth: int, most_values: int) -> Any:
    """The one value that a YAML text holds.

    Raises:
        ConfigError: It is not valid, is not JSON in other clothes, or is too much; the text has
            the line.
    """
    reading = _Reading(most_depth, most_values)
    try:
        for event in _events(text, _LOADER):
            reading.take(event)
    except yaml.YAMLError as error:
        mark: Any = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        problem = str(getattr(error, "problem", None) or "it cannot be read")[:200]
        raise ConfigError(f"it is not valid YAML{where}: {problem}") from None
    return reading.value


class _Reading:
    """Takes events one by one; no recursion, whatever comes."""

    def __init__(self, most_depth: int, most_values: int) -> None:
        self._most_depth = most_depth
        self._most_values = most_values
        self._open: list[_Open] = []
        self._known: dict[str, _Known] = {}
        self._values = 0
        self._documents = 0
        self._line = 0
        self.value: Any = None

    def take(self, event: yaml.Event) -> None:
        self._line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise self._refused("a second document begins")
        elif isinstance(event, yaml.AliasEvent):
            self._alias(cast("Any", event).anchor)
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end()

    def _begin(self, event: yaml.CollectionStartEvent) -> None:
        is_table = isinstance(event, yaml.MappingStartEvent)
        tag: str | None = event.tag
        if tag not in (_TABLE_TAGS if is_table else _LIST_TAGS):
            raise self._refused("there is a tag, which is not read")
        if self._expects_key():
            raise self._refused("a key is not a text")
        if len(self._open) >= self._most_depth:
            raise self._refused(f"it is nested over {self._most_depth} deep")
        self._count(1)
        self._open.append(_Open({} if is_table else [], event.anchor))

    def _end(self) -> None:
        closed = self._open.pop()
        if isinstance(closed.held, dict):
            self._merge(closed.held, closed.merged)
        known = _Known(closed.held, closed.values, closed.depth)
        self._keep(closed.anchor, known)
        self._put(known)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        text: str = event.value
        if self._expects_key():
            self._key(text, is_plain=event.implicit[0])
            self._keep(event.anchor, _Known(text, 1, 0))
            return
        self._count(1)
        known = _Known(self._plain(event, text), 1, 0)
        self._keep(event.anchor, known)
        self._put(known)

    def _alias(self, anchor: str) -> None:
        known = self._known.get(anchor)
        if known is None:
            raise self._refused("an alias stands for what is not complete, or not there")
        if self._expects_key():
            raise self._refused("a key is an alias")
        self._count(known.values)
        if len(self._open) + known.depth > self._most_depth:
            raise self._refused(f"it is nested over {self._most_depth} deep")
        self._put(known)

    def _key(self, text: str, *, is_plain: bool) -> None:
        around = self._open[-1]
        around.key, around.is_merging = text, is_plain and text == _MERGE
        if text in around.held and not around.is_merging:
            raise self._refused(f"the key {text[:60]!r} is there twice")

    def _put(self, known: _Known) -> None:
        if not self._open:
            self.value = known.value
            return
        around = self._open[-1]
        around.values += known.values
        around.depth = max(around.depth, known.depth + 1)
        if isinstance(around.held, list):
            around.held.append(known.value)
            return
        key, around.key = cast("str", around.key), None
        if around.is_merging:
            many = isinstance(known.value, list)
            around.merged += cast("list[Any]", known.value) if many else [known.value]
        else:
            around.held[key] = known.value

    def _merge(self, table: dict[str, Any], merged: list[Any]) -> None:
        for each in merged:
            if not isinstance(each, dict):
                raise self._refused("`<<` stands before what is no table")
            for key, value in cast("dict[str, Any]", each).items():
                table.setdefault(key, value)

    def _plain(self, event: yaml.ScalarEvent, text: str) -> Any:
        if event.tag in _TEXT_TAGS or (event.tag is None and not event.implicit[0]):
            return text
        if event.tag is not None and event.tag not in _PLAIN_TAGS:
            raise self._refused("there is a tag, which is not read")
        return _WORDS[text] if text in _WORDS else self._number(text)

    def _number(self, text: str) -> int | float | str:
        for pattern, read in _NUMBERS:
            if not pattern.fullmatch(text):
                continue
            try:
                number = read(text)
            except ValueError:  # Python's bound on digits
                raise self._refused("a number is too long") from None
            if isinstance(number, float) and not math.isfinite(number):
                raise self._refused("a number has no end")
            return number
        return text

    def _expects_key(self) -> bool:
        if not self._open or isinstance(self._open[-1].held, list):
            return False
        return self._open[-1].key is None

    def _keep(self, anchor: str | None, known: _Known) -> None:
        if anchor is not None:
            self._known[anchor] = known

    def _count(self, values: int) -> None:
        self._values += values
        if self._values > self._most_values:
            raise self._refused(f"it holds over {self._most_values} values, aliases counted")

    def _refused(self, problem: str) -> ConfigError:
        return ConfigError(f"it cannot be used: {problem}, at line {self._line}")
