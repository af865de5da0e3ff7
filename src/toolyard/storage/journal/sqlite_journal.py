"""A journal in one SQLite file, shared by the processes of a machine."""

from __future__ import annotations

from collections import deque
from os import PathLike
from pathlib import Path
from sqlite3 import Connection
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio

from toolyard.core.errors import ToolyardError
from toolyard.storage.journal.schema import tables
from toolyard.storage.journal.script import Query, Rows, Work, finished
from toolyard.storage.journal.stored_journal import LEASE_S, StoredJournal
from toolyard.storage.journal.waiting import Waiting, taken
from toolyard.storage.sqlite_file import FileSchema, SqliteFile
from toolyard.storage.worker import Worker

T = TypeVar("T")

JOURNAL = FileSchema(
    application=0x746F6F6A,
    version=1,
    tables=(
        "CREATE TABLE state(one INTEGER PRIMARY KEY CHECK (one = 1),"
        " boot TEXT NOT NULL, epoch REAL NOT NULL)",
        "INSERT INTO state VALUES (1, '', 0)",
        *tables("INTEGER PRIMARY KEY AUTOINCREMENT", "REAL"),
    ),
)
"""The file of a journal."""


class SqliteJournal(StoredJournal):
    """A journal in a file that survives kills and power failures.

    A step is acknowledged once it is on the disk (WAL, synchronous=FULL). Any number of processes
    of one machine may share the file, which must lie on a local disk. Leases follow a clock that
    setting the time does not move, on Linux.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        lease_s: float = LEASE_S,
        busy_timeout_s: float = 10.0,
    ) -> None:
        """Nothing is opened before it is entered.

        Args:
            path: The file; made where there is none, in a directory that exists.
            lease_s: As in `StoredJournal`.
            busy_timeout_s: How long it waits for other processes.
        """
        super().__init__(_SqliteJournalFile(Path(path), busy_timeout_s), lease_s=lease_s)


class _SqliteJournalFile:
    """A `JournalDatabase`: changes that come while the disk is busy are committed together."""

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self._file = SqliteFile(path, JOURNAL, busy_timeout_s)
        self._worker = Worker()
        self._changes = deque[Waiting[Any]]()

    async def __aenter__(self) -> Self:
        self._worker.start()
        try:
            await self._worker.run(self._file.open)
        except BaseException:  # a cancellation too, while the thread goes on and opens the file
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):  # as long as a change may wait
            await self._worker.run(self._file.close)
        self._worker.stop()

    async def change(self, work: Work[T]) -> T:
        waiting = Waiting(work)
        self._changes.append(waiting)
        try:
            await self._worker.run(self._commit)
        finally:
            waiting.is_wanted = False
        return waiting.result()

    async def read(self, work: Work[T]) -> T:
        def look(database: Connection) -> T:
            return _done(database, work, self._file.clock.now)

        return await self._worker.run(lambda: self._file.read(look))

    def _commit(self) -> None:
        """Do all changes that wait; whoever comes later finds theirs done."""
        batch = taken(self._changes)
        if not batch:
            return

        def change(database: Connection) -> None:
            for waiting in batch:
                try:
                    waiting.succeed(_done(database, waiting.work, self._file.clock.now))
                except ToolyardError as error:  # it says no; the others go on
                    waiting.fail(error)

        try:
            self._file.change(change)
        except BaseException as error:  # nothing was changed, for nobody
            for waiting in batch:
                waiting.fail(error)


def _done(database: Connection, work: Work[T], now: float) -> T:
    """What the script gives in the transaction that is open."""

    def execute(query: Query) -> Rows:
        return database.execute(query.sql, query.values).fetchall()

    return finished(work(now), execute)
