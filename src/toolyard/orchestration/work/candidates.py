"""Which item a worker tries next, so that many workers rarely try the same one."""

from __future__ import annotations

import random

from toolyard.orchestration.work.records import PoolKeys
from toolyard.orchestration.work.steady import Steady

_PAGE = 100
_LONG_PAGE = 1_000
_LONG_PAGES = 3


class Candidates:
    """Ids of items that are to be done, some at a time, from a place of the list by chance.

    Nobody reads the whole list for one item, and of two who read it each goes its own way: who
    comes to where another was before finds nothing there any more.
    """

    def __init__(self, store: Steady, keys: PoolKeys) -> None:
        self._store = store
        self._keys = keys
        self._ids: list[str] = []
        self._after: str | None = None
        """Where the next page begins; `None` before there was any."""

    @property
    def is_at_start(self) -> bool:
        """Whether the next page is the first of the list."""
        return self._after == ""

    def next(self) -> str | None:
        """One to try; `None` if others must be looked for first."""
        return self._ids.pop() if self._ids else None

    async def look(self) -> bool:
        """Look for others; whether that was the end of the list."""
        if self._after is None:
            self._after = await self._somewhere()
        prefix = self._keys.unclaimed
        page = await self._store.list_keys(prefix, after=self._after, limit=_PAGE)
        held = await self._held()
        listed = (each.key.removeprefix(prefix) for each in page.keys)
        self._ids = [each for each in listed if each not in held]
        random.shuffle(self._ids)
        self._after = page.cursor or ""
        return page.cursor is None

    async def _held(self) -> set[str]:
        """Ids of items that others hold, at least of many."""
        prefix = self._keys.claimed
        page = await self._store.list_keys(prefix, limit=_LONG_PAGE)
        return {each.key.removeprefix(prefix) for each in page.keys}

    async def _somewhere(self) -> str:
        """A place in the list, or in the first thousands of it."""
        after = ""
        for _ in range(random.randrange(_LONG_PAGES)):  # noqa: S311 - no secret
            page = await self._store.list_keys(self._keys.unclaimed, after=after, limit=_LONG_PAGE)
            if page.cursor is None:
                break
            after = page.cursor
        page = await self._store.list_keys(self._keys.unclaimed, after=after, limit=_LONG_PAGE)
        return random.choice(page.keys).key if len(page.keys) > _PAGE else after  # noqa: S311
