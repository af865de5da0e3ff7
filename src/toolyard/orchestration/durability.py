"""Runs that are kept in a journal, and gone on with after whatever ended them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from toolyard.storage.journal.journal import Journal
from toolyard.storage.journal.opening import journal_at


@asynccontextmanager
async def journal_of(durable: Journal | str) -> AsyncGenerator[Journal]:
    """The journal that a run is to be kept in; one that is only named is opened and closed."""
    if not isinstance(durable, str):
        yield durable
        return
    async with journal_at(durable) as journal:
        yield journal
