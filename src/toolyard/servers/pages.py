"""Long lists in pages: the cursor names the last entry of the page before."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar

from toolyard.core.errors import InvalidCursor

Entry = TypeVar("Entry")


def page(
    entries: Sequence[Entry],
    cursor: str | None,
    size: int,
    key: Callable[[Entry], str],
) -> tuple[Sequence[Entry], str | None]:
    """The entries after `cursor`, at most `size`, and the cursor of the page that follows.

    A list that changed between two pages stays consistent as long as the entry the cursor
    names is still there; several servers behind one address need share nothing.

    Raises:
        InvalidCursor: `cursor` was not given out, or its entry is gone.
    """
    if cursor is None and len(entries) <= size:
        return entries, None
    start = 0 if cursor is None else _position_after(entries, _name_in(cursor), key)
    return _page_at(entries, start, size, key)


def pages(
    entries: Sequence[Entry], size: int, key: Callable[[Entry], str]
) -> dict[str | None, tuple[Sequence[Entry], str | None]]:
    """What `page` gives for `None` and for each cursor that leads on from there."""
    found: dict[str | None, tuple[Sequence[Entry], str | None]] = {}
    cursor: str | None = None
    for start in range(0, max(len(entries), 1), size):
        part, following = _page_at(entries, start, size, key)
        found[cursor] = part, following
        cursor = following
    return found


def _page_at(
    entries: Sequence[Entry], start: int, size: int, key: Callable[[Entry], str]
) -> tuple[Sequence[Entry], str | None]:
    part = entries[start : start + size]
    more = start + size < len(entries)
    return part, _cursor_of(key(part[-1])) if more else None


def _cursor_of(name: str) -> str:
    return urlsafe_b64encode(f"after:{name}".encode()).decode().rstrip("=")


def _name_in(cursor: str) -> str:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        mark, _, name = urlsafe_b64decode(padded).decode().partition(":")
    except (UnicodeError, binascii.Error) as error:
        raise InvalidCursor from error
    if mark != "after" or _cursor_of(name) != cursor:
        raise InvalidCursor
    return name


def _position_after(entries: Sequence[Entry], name: str, key: Callable[[Entry], str]) -> int:
    for position, entry in enumerate(entries, start=1):
        if key(entry) == name:
            return position
    raise InvalidCursor
