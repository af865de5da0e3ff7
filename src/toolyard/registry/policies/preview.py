"""A large result made small: the beginning and the end of its texts, the beginning of its lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

STEPS = ((4_000, 200), (1_000, 50), (200, 10), (80, 3))
"""Letters that each text, and items that each list, may keep: the first pair that is enough."""
_AT_THE_END = 4
"""The part of a text's preview, one in so many, that shows its end."""


def size_of(value: Any) -> int:
    """Bytes of `value` as JSON; a text counts as it is."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def is_within(value: Any, most: int) -> bool:
    """Whether `value` has at most so many bytes; what is far larger is not written out for it."""
    return _letters(value, most) <= most and size_of(value) <= most


def _letters(value: Any, most: int) -> int:
    """The letters in all texts of a JSON value, and one for each part; no more once over `most`."""
    letters, waiting = 0, [value]
    while waiting and letters <= most:
        each = waiting.pop()
        letters += len(each) if isinstance(each, str) else 1
        if isinstance(each, list | tuple):
            waiting += cast("list[Any]", each)[: most + 1]
        elif isinstance(each, Mapping):
            waiting += list(cast("Mapping[str, Any]", each).values())[: most + 1]
    return letters


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
        shown = _shortened(data, letters, items)
        if size_of(shown) <= most:
            return shown
    return None


def _shortened(value: Any, letters: int, items: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= letters else f"{value[:letters]}…"
    if isinstance(value, list | tuple):
        several = cast("list[Any]", value)[:items]
        return [_shortened(each, letters, items) for each in several]
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value).items()
        return {key: _shortened(each, letters, items) for key, each in pairs}
    return value
