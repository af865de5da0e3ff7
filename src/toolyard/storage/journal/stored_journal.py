"""A journal in a database, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from types import TracebackType
from typing import Any, Self

from anyio.to_thread import run_sync

from toolyard.core.errors import ConfigError, JournalError
from toolyard.storage.journal import run_scripts, step_scripts
from toolyard.storage.journal.executor import is_dead
from toolyard.storage.journal.journal import OpenRun, RunRecord, RunState, StepRecord
from toolyard.storage.journal.json_text import canonical_text, json_text
from toolyard.storage.journal.keys import checked_run_id, key_of, written
from toolyard.storage.journal.leased_run import LeasedRun
from toolyard.storage.journal.recording import write_recording
from toolyard.storage.journal.run_scripts import LIVE, Start
from toolyard.storage.journal.script import JournalDatabase

LEASE_S = 30.0
MAX_PAGE = 1_000


class StoredJournal:
    """A `DurableJournal` in the tables of a database."""

    def __init__(self, database: JournalDatabase, *, lease_s: float = LEASE_S) -> None:
        """As described.

        Args:
            database: Entered and left with the journal.
            lease_s: How long a run belongs to an executor that is not heard of any more; one that
                lives renews it. A process of this machine that is dead is seen to be so at once.

        Raises:
            ConfigError: A lease cannot be so short.
        """
        if not lease_s > 0:
            raise ConfigError("lease_s must be more than 0.")
        self._database = database
        self._lease_s = lease_s

    async def __aenter__(self) -> Self:
        """Open the database; `StoreUnusable` or `StoreUnavailable` if that cannot be."""
        await self._database.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._database.__aexit__(kind, error, traceback)

    def open(self, run_id: str, name: str, task: Any) -> OpenRun:
        """As `Journal.open`."""
        start = Start(checked_run_id(run_id), written(name), canonical_text(task, "task"))
        return LeasedRun(self._database, start, self._lease_s)

    async def runs(
        self, state: RunState | None = None, *, limit: int = 100, after: str | None = None
    ) -> Sequence[RunRecord]:
        """As `Journal.runs`."""
        if not 1 <= limit <= MAX_PAGE:
            raise JournalError(f"A page holds 1 to {MAX_PAGE} runs, not {limit}.")
        return await self._database.read(lambda now: run_scripts.list_runs(state, limit, after))

    async def run(self, run_id: str) -> RunRecord:
        """As `Journal.run`."""
        return await self._database.read(lambda now: run_scripts.find_run(run_id))

    async def steps(self, run_id: str) -> Sequence[StepRecord]:
        """As `Journal.steps`."""
        return (await self._database.read(lambda now: run_scripts.find_whole(run_id)))[1]

    async def answer(self, run_id: str, path: Sequence[str], name: str, n: int, value: Any) -> None:
        """As `DurableJournal.answer`."""
        key, text = key_of(path, name, n), json_text(value, "answer")
        await self._database.change(lambda now: step_scripts.answer(now, run_id, key, text))

    async def pause(self, run_id: str) -> None:
        """As `DurableJournal.pause`."""
        await self._database.change(lambda now: run_scripts.move(now, run_id, LIVE, "paused"))

    async def resume(self, run_id: str) -> None:
        """As `DurableJournal.resume`."""
        await self._database.change(lambda now: run_scripts.proceed(now, run_id))

    async def cancel(self, run_id: str) -> None:
        """As `DurableJournal.cancel`."""
        await self._database.change(
            lambda now: run_scripts.move(now, run_id, (*LIVE, "failed", "cancelled"), "cancelled")
        )

    async def fork(self, run_id: str, before: int, new_run_id: str) -> None:
        """As `DurableJournal.fork`."""
        new = checked_run_id(new_run_id)
        await self._database.change(lambda now: run_scripts.fork(now, run_id, before, new))

    async def delete(self, run_id: str) -> None:
        """As `DurableJournal.delete`."""
        await self._database.change(lambda now: run_scripts.delete(now, run_id, is_dead))

    async def export(self, run_id: str, path: str | PathLike[str]) -> None:
        """As `Journal.export`."""
        run, steps = await self._database.read(lambda now: run_scripts.find_whole(run_id))
        await run_sync(write_recording, path, run, steps)
