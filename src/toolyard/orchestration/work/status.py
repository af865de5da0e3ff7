"""How far a pool is."""

from __future__ import annotations

from dataclasses import dataclass

from toolyard.orchestration.work.records import Holder, Outcome, PoolKeys
from toolyard.orchestration.work.steady import Steady

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Working:
    """Who works on what."""

    item_id: str
    worker: str
    since: str
    """In UTC, as the worker's clock says."""


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """How far a pool is, at one moment."""

    waiting: int
    """Items that nobody works on."""
    working: tuple[Working, ...]
    completed: int
    failures: tuple[Outcome, ...]
    is_filled: bool
    """Whether its first items are all there."""

    @property
    def total(self) -> int:
        """How many items there are."""
        return self.waiting + len(self.working) + self.completed + len(self.failures)

    @property
    def score(self) -> float:
        """The part of the items that are completed, from 0 to 1."""
        return self.completed / self.total if self.total else float(self.is_filled)

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be done."""
        return self.is_filled and not self.waiting and not self.working


async def status_of(store: Steady, keys: PoolKeys) -> PoolStatus:
    """How far the pool is."""
    is_filled = await store.get(keys.metadata) is not None
    # In the order in which an item goes from one to the other, so that none is overlooked.
    left = await ids_at(store, keys.unclaimed)
    held = await ids_at(store, keys.claimed)
    completed = set(await ids_at(store, keys.completed))
    failed = await ids_at(store, keys.failed)
    open_ids = set(left) - completed - set(failed)
    working = [await _working(store, keys, each) for each in held if each in open_ids]
    outcomes = [await outcome_of(store, keys, each) for each in failed]
    at_work = tuple(each for each in working if each is not None)
    return PoolStatus(
        waiting=len(open_ids) - len(at_work),
        working=at_work,
        completed=len(completed),
        failures=tuple(each for each in outcomes if each is not None),
        is_filled=is_filled,
    )


async def ids_at(store: Steady, prefix: str) -> list[str]:
    """The ids of all items with a key that begins so."""
    ids, after = list[str](), ""
    while True:
        page = await store.list_keys(prefix, after=after, limit=_PAGE)
        ids += [each.key.removeprefix(prefix) for each in page.keys]
        if page.cursor is None:
            return ids
        after = page.cursor


async def outcome_of(store: Steady, keys: PoolKeys, item_id: str) -> Outcome | None:
    """How an item ended; `None` if it did not."""
    found = await store.get(keys.completed + item_id)
    if found is not None:
        return Outcome.of(item_id, found.value, "completed")
    found = await store.get(keys.failed + item_id)
    return None if found is None else Outcome.of(item_id, found.value, "failed")


async def _working(store: Steady, keys: PoolKeys, item_id: str) -> Working | None:
    found = await store.get(keys.claimed + item_id)
    if found is None:
        return None
    holder = Holder.of(found.value)
    return Working(item_id, holder.worker, holder.since)
