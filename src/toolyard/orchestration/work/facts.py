"""What a pool says of itself to those who join it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import anyio

from toolyard.core.workflow_errors import WorkflowError
from toolyard.orchestration.work.records import PoolKeys
from toolyard.storage.store import Store


@dataclass(frozen=True, slots=True)
class PoolFacts:
    """By which rules a pool goes."""

    task: str
    """What its team is to do as a whole; empty if nobody said so."""
    lease_s: float
    max_attempts: int


async def facts_of(
    store: Store, pool: str, *, wait_s: float = 0.0, namespace: str = "default"
) -> PoolFacts:
    """The facts of a pool, once its first items are all there.

    Args:
        store: Entered by whoever made it.
        pool: Its name.
        wait_s: How long to wait for them.
        namespace: Of the memory that can read it.

    Raises:
        WorkflowError: They were not there in time.
    """
    key = PoolKeys(namespace, pool).metadata
    found = await store.get(key)
    with anyio.move_on_after(wait_s):
        async with store.watch(key) as changes:
            while found is None and (found := await store.get(key)) is None:
                await anext(changes)
    if found is None:
        raise WorkflowError(
            f"There are no items in the pool {pool!r}: start its team first, with the same store."
        )
    return _read(found.value)


def _read(text: str) -> PoolFacts:
    try:
        kept: Mapping[str, Any] = json.loads(text)
        return PoolFacts(
            str(kept.get("task", "")), float(kept["lease_s"]), int(kept["max_attempts"])
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise WorkflowError(
            "The metadata of the pool is not as its team wrote it: start the team again with "
            "another name of the pool."
        ) from None
