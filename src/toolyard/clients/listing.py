"""Whole lists out of a server's pages, held to bounds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar

import mcp_types as types

from toolyard.clients.bounds import Excess, Listed
from toolyard.core.errors import RemoteFault


class Page(Protocol):
    """One page of any list."""

    next_cursor: str | None


AnyPage = TypeVar("AnyPage", bound=Page)
Entry = TypeVar("Entry")


async def every(
    fetch: Callable[[str | None], Awaitable[AnyPage]],
    entries: Callable[[AnyPage], Sequence[Entry]],
    what: str,
) -> Sequence[Entry]:
    """The entries of every page, in order.

    Args:
        fetch: Gives the page at a cursor.
        entries: What a page holds.
        what: Names the entries.

    Raises:
        RemoteFault: The list is too long, or has no end.
    """
    found: list[Entry] = []
    cursors: set[str | None] = {None}
    cursor: str | None = None
    listed = Listed(what)
    while True:
        page = await fetch(cursor)
        part = entries(page)
        try:
            listed.add(page, len(part))
        except Excess as excess:
            raise RemoteFault(types.INTERNAL_ERROR, f"The server lists {excess}.") from excess
        found.extend(part)
        cursor = page.next_cursor
        if cursor is None:
            return tuple(found)
        if cursor in cursors:
            raise RemoteFault(types.INTERNAL_ERROR, f"The server lists its {what} without an end.")
        cursors.add(cursor)
