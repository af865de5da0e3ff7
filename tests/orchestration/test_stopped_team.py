"""A team that is stopped, at whatever point, leaves its items to others at once."""

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from anyio.lowlevel import checkpoint

from toolyard.orchestration.presets.agent_team import AgentTeam
from toolyard.orchestration.work.item import WorkItem
from toolyard.storage.journal.sqlite_journal import SqliteJournal
from toolyard.storage.memory_store import MemoryStore
from toolyard.storage.store import Entry

pytestmark = pytest.mark.anyio

ITEMS = [WorkItem("a"), WorkItem("b", depends_on=("a",)), WorkItem("c")]


class Slow(MemoryStore):
    """Says so before and after each change and each look; whoever uses it may be stopped there."""

    def __init__(self, note: Callable[[], None]) -> None:
        super().__init__()
        self._note = note

    async def _pass(self) -> None:
        self._note()
        await checkpoint()

    async def get(self, key: str) -> Entry | None:
        await self._pass()
        return await super().get(key)

    async def compare_and_set(
        self, key: str, value: str, *, version: int, ttl_s: float | None = None
    ) -> int | None:
        await self._pass()
        written = await super().compare_and_set(key, value, version=version, ttl_s=ttl_s)
        await self._pass()
        return written

    async def delete(self, key: str, *, version: int | None = None) -> bool:
        await self._pass()
        deleted = await super().delete(key, version=version)
        await self._pass()
        return deleted


async def stopped(at: int, journal: SqliteJournal | None) -> tuple[bool, list[str]]:
    """Whether a team was stopped at that point, and the items that others must wait for."""
    passed, held = 0, list[str]()

    def note() -> None:
        nonlocal passed
        passed += 1
        if passed == at:
            scope.cancel()

    async def work(task: str) -> str:
        note()
        await checkpoint()
        return task[:10]

    with anyio.CancelScope() as scope, anyio.fail_after(20):
        async with Slow(note) as store:
            try:
                team = AgentTeam("pool", ITEMS, {"ann": work, "bob": work}, store=store)
                await team.run("Go.", durable=journal, run_id=f"r{at}")
            finally:
                with anyio.CancelScope(shield=True):
                    page = await store.list_keys("default/teams:pool:claimed:")
                    held += [each.key for each in page.keys if each.expires_in_s is not None]
    return scope.cancelled_caught, held


async def test_wherever_it_is_stopped_its_items_can_be_claimed_at_once() -> None:
    at, was_stopped = 0, True
    while was_stopped:
        at += 1
        was_stopped, held = await stopped(at, None)
        assert held == [], at
    assert at > 50


async def test_a_durable_run_gives_its_items_back_too(tmp_path: Path) -> None:
    async with SqliteJournal(tmp_path / "runs.db") as journal:
        for at in range(10, 50, 2):
            was_stopped, held = await stopped(at, journal)
            assert (was_stopped, held) == (True, []), at
