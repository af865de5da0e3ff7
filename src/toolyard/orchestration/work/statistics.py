"""The figures of a pool, kept beside its items for whoever reads them with the memory tool."""

from __future__ import annotations

import json
import random

import anyio

from toolyard.orchestration.work.records import PoolKeys, now, text_of
from toolyard.orchestration.work.steady import Steady

_EVERY_S = 10.0


class Statistics:
    """Written now and then by one of those who work, and when everything is done."""

    def __init__(self, store: Steady, keys: PoolKeys) -> None:
        self._store = store
        self._keys = keys
        self._due: float | None = None
        self._seen = 0
        """The version of the figures that we saw last."""

    async def tell(self, *, is_done: bool) -> None:
        """Write them, if that is due and nobody else did."""
        now_s = anyio.current_time()
        if self._due is None:  # counting costs something, so not all begin with it
            self._due = now_s + _EVERY_S * random.uniform(0.5, 1)  # noqa: S311 - no secret
        if not is_done and now_s < self._due:
            return
        self._due = now_s + _EVERY_S
        found = await self._store.get(self._keys.stats)
        text, version = (found.value, found.version) if found else ("{}", 0)
        is_told_by_others, self._seen = version != self._seen, version
        if _open_in(text) == 0 if is_done else is_told_by_others:
            return
        # Of those who find them as old as this, one counts.
        begun = await self._store.set(self._keys.stats, text, version=version)
        if begun is not None:
            figures = text_of(await self._counted())
            self._seen = await self._store.set(self._keys.stats, figures, version=begun) or 0

    async def _counted(self) -> dict[str, int | str]:
        keys, count = self._keys, self._store.count
        return {
            "open": await count(keys.unclaimed),
            "claimed": await count(keys.claimed),
            "completed": await count(keys.completed),
            "failed": await count(keys.failed),
            "at": now(),
        }


def _open_in(text: str) -> int | None:
    try:
        return json.loads(text)["open"]
    except (ValueError, TypeError, KeyError):
        return None
