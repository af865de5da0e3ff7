"""One SQLite file: opened with care, changed in transactions, its errors told as ours."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from toolyard.core.errors import (
    OutcomeUnknown,
    StoreError,
    StoreFull,
    StoreUnavailable,
    StoreUnusable,
)
from toolyard.storage.clock import MachineClock, machine_clock

T = TypeVar("T")

_GLANCE_S = 0.005


@dataclass(frozen=True, slots=True)
class FileSchema:
    """What a file is for. One of its tables is `state`, of one row with `boot` and `epoch`."""

    application: int
    """By which files of this kind are told from all others."""
    version: int
    tables: tuple[str, ...]
    """The statements that make them."""


class SqliteFile:
    """A connection to a store's file, used by one thread at a time.

    Whatever goes wrong before a commit changes nothing. When the commit itself goes wrong the
    connection is given up, and what the file holds is looked at afresh.
    """

    def __init__(self, path: Path, schema: FileSchema, busy_timeout_s: float) -> None:
        self._path = path
        self._schema = schema
        self._busy_timeout_s = busy_timeout_s
        self._database: sqlite3.Connection | None = None
        self._identity = (0, 0)
        self._is_wanted = False
        self.clock = MachineClock("", 0.0)

    def open(self) -> None:
        """Open the file, making it where there is none.

        Raises:
            StoreUnusable: It is corrupt, no store, of a newer toolyard, or cannot be written.
            StoreUnavailable: Another process held it for too long.
        """
        self._is_wanted = True
        if self._database is None:
            try:
                self._database = self._opened()
            except sqlite3.Error as error:
                raise translated(error) from error

    def close(self) -> None:
        """Close the file; nothing if it is not open."""
        self._is_wanted = False
        self._give_up()

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` finds in one state of the file."""
        database = self._connection()
        try:
            database.execute("BEGIN")
            try:
                return work(database)
            finally:
                database.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise translated(error) from error

    def change(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` gives, once all it did is on the disk; it may be done twice, kept once."""
        database = self._connection()
        try:
            try:
                return self._changed(database, work)
            except sqlite3.Error as error:
                if _code(error) != sqlite3.SQLITE_FULL:
                    raise
                # The log may be longer than the room that is left, of what is written over again
                # and again: nothing was changed, so shorten it and try once more.
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                return self._changed(database, work)
        except sqlite3.Error as error:
            raise translated(error) from error

    def _changed(self, database: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
        database.execute("BEGIN IMMEDIATE")
        try:
            result = work(database)
        except BaseException:  # whatever it was, no transaction stays open
            self._roll_back(database)
            raise
        self._commit(database)
        return result

    def _commit(self, database: sqlite3.Connection) -> None:
        try:
            database.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back(database)
            if _code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY):
                raise
            self._give_up()
            raise OutcomeUnknown(
                "The disk failed while a change was being written: read before you write again."
            ) from error

    def _roll_back(self, database: sqlite3.Connection) -> None:
        try:
            if database.in_transaction:
                database.execute("ROLLBACK")
        except sqlite3.Error:
            self._give_up()  # closing it rolls back

    def _give_up(self) -> None:
        if self._database is not None:
            database, self._database = self._database, None
            database.close()

    def _connection(self) -> sqlite3.Connection:
        if not self._is_wanted:
            raise StoreUnavailable("The store is not open: enter it with `async with` first.")
        self.open()
        assert self._database is not None
        if _identity(self._path) != self._identity:
            raise StoreUnusable("The store's file was removed or replaced while it was in use.")
        return self._database

    def _opened(self) -> sqlite3.Connection:
        self._make_private()
        database = sqlite3.connect(
            self._path,
            timeout=self._busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._prepare(database)
            self._identity = _identity(self._path)
        except BaseException:  # a cancellation too: nobody else would close it
            database.close()
            raise
        return database

    def _make_private(self) -> None:
        """Make a new file for this user only; `-wal` and `-shm` become like it."""
        log = Path(f"{self._path}-wal")
        try:
            # The log first: whoever makes the file now writes to it before there is a log.
            has_log = _size_of(log) > 0
            if has_log and _size_of(self._path) == 0:
                raise StoreUnusable(
                    "The store's file is empty but its log (-wal) is not: restore the file."
                )
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise StoreUnusable(
                f"The store's file cannot be opened for writing: {error.strerror}."
            ) from error

    def _prepare(self, database: sqlite3.Connection) -> None:
        database.execute("BEGIN")  # so that the header is that of one moment
        _check_header(database, self._schema)
        database.execute("COMMIT")
        self._keep_a_log(database)
        database.execute("PRAGMA synchronous = FULL")
        (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise StoreUnusable(_CORRUPT)
        database.execute("BEGIN IMMEDIATE")
        if _check_header(database, self._schema):
            for statement in self._schema.tables:
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {self._schema.application}")
            database.execute(f"PRAGMA user_version = {self._schema.version}")
        boot, epoch = database.execute("SELECT boot, epoch FROM state").fetchone()
        self.clock = machine_clock(boot, epoch)
        if self.clock.boot != boot:
            new = (self.clock.boot, self.clock.epoch)
            database.execute("UPDATE state SET boot = ?, epoch = ?", new)
        database.execute("COMMIT")

    def _keep_a_log(self, database: sqlite3.Connection) -> None:
        """Use write-ahead logging; SQLite itself waits for nobody who is at the same."""
        deadline = time.monotonic() + self._busy_timeout_s
        while True:
            try:
                database.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(_GLANCE_S)
            else:
                return


_CORRUPT = "The store's file is corrupt: restore it from a backup; it was left as it is."


def _size_of(file: Path) -> int:
    """In bytes; 0 if there is no such file."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _check_header(database: sqlite3.Connection, ours: FileSchema) -> bool:
    """Whether the file is empty; `StoreUnusable` if it is not ours to use."""
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (schema,) = database.execute("PRAGMA user_version").fetchone()
    (tables,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application == 0 and schema == 0 and tables == 0:
        return True
    if application != ours.application:
        raise StoreUnusable("The file is a database of something else; choose another file.")
    if schema > ours.version:
        raise StoreUnusable("The store's file was written by a newer toolyard: upgrade this one.")
    return False


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_dev, found.st_ino)


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def translated(error: sqlite3.Error) -> StoreError:
    """What `error` means to whoever asked; before a commit nothing was changed."""
    match _code(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED | sqlite3.SQLITE_PROTOCOL:
            return StoreUnavailable("Another process holds the store for too long; try again.")
        case sqlite3.SQLITE_FULL:
            return StoreFull("The store cannot grow: its disk is full. Make room and try again.")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StoreUnusable(_CORRUPT)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return StoreUnusable("The store's file cannot be written: it is read-only here.")
        case sqlite3.SQLITE_IOERR:
            return StoreUnavailable("The disk of the store fails; nothing was changed.")
        case _:
            return StoreUnusable("SQLite refuses the store's file, which may be damaged.")
