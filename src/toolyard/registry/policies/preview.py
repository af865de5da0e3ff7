"""A large result made small: the beginning and the end of its texts, the beginning of its lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from pydantic_core import to_json

from toolyard.core.text_safety import sendable_within
from toolyard.registry.policies.parts import letters_in

STEPS = ((4_000, 200), (1_000, 50), (200, 10), (80, 3))
"""Letters that each text, and items that each list, may keep: the first pair that is enough."""
_AT_THE_END = 4
"""The part of a text's preview, one in so many, that shows its end."""


def json_of(data: Any) -> bytes:
    """`data` as JSON in UTF-8; what JSON cannot say is written as a text."""
    try:
        return to_json(data, serialize_unknown=True)
    except ValueError:
        return to_json(sendable_within(data), serialize_unknown=True)


def is_text_within(texts: Sequence[str], most: int) -> bool:
    """Whether `texts` together have at most so many bytes in UTF-8."""
    if sum(map(len, texts)) > most:
        return False
    return sum(len(each.encode("utf-8", "replace")) for each in texts) <= most


def is_data_within(data: Any, most: int) -> bool:
    """Whether `data` has at most so many bytes as JSON; what is far larger is not written out."""
    return letters_in(data, most) <= most and len(json_of(data)) <= most


def preview_of_text(text: str, most: int, note: str) -> str:
    """`text` with `note` in place of its middle, or behind it if it has no more than `most`."""
    if len(text) <= most:
        return f"{text}\n{note}"
    room = max(0, most - len(note) - 2)
    end = room // _AT_THE_END
    start = room - end
    return f"{text[:start]}\n{note}\n{text[len(text) - end :] if end else ''}"


def preview_of_data(data: Any, most: int) -> Any:
    """`data` of the same shape, with shorter texts and lists; `None` if that is not enough."""
    for letters, items in STEPS:
        with suppress(_TooMuch):
            shown = _Shortening(letters, items, most).of(data)
            if is_data_within(shown, most):
                return shown
    return None


class _TooMuch(Exception):
    """The data has more parts than there is room for letters."""


@dataclass(slots=True)
class _Shortening:
    letters: int
    items: int
    room: int

    def of(self, value: Any) -> Any:
        """`value` with shorter texts and lists; objects keep all that is in them."""
        self.room -= 1
        if self.room < 0:
            raise _TooMuch
        if isinstance(value, str):
            return value if len(value) <= self.letters else f"{value[: self.letters]}…"
        if isinstance(value, list | tuple):
            return [self.of(each) for each in cast("list[Any]", value)[: self.items]]
        if isinstance(value, Mapping):
            entries = cast("Mapping[str, Any]", value).items()
            return {key: self.of(each) for key, each in entries}
        return value
