"""A ledger: entries that are only ever added, each chained to the one before by its hash."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio

from toolyard.core.errors import StoreError, StoreFull, StoreUnavailable, StoreUnusable
from toolyard.storage.ledger_check import LedgerHead
from toolyard.storage.ledger_record import (
    FIRST,
    MAX_RECORD_BYTES,
    BadRecord,
    Record,
    read_record,
    record_of,
)
from toolyard.storage.worker import Worker

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Ledger:
    """Appends to a file of JSON lines, which nobody else may write to meanwhile.

    An entry is on the disk when `append` returns. Entering takes the time of reading the last
    record, however many there are: `check` reads all. A record that was being written when a
    process was killed is cut off then, and `torn_bytes` says how much that was.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._worker = Worker()
        self._turn = anyio.Lock()
        self._file = -1
        self._size = 0
        self._head = LedgerHead(0, FIRST)
        self.torn_bytes = 0

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def head(self) -> LedgerHead:
        """How long the chain is, and what it ends with: to be kept elsewhere as an anchor."""
        return self._head

    async def __aenter__(self) -> Self:
        """Open the file, and make it if it is not there.

        Raises:
            StoreUnavailable: Another process writes to it.
            StoreUnusable: It is no ledger, or cannot be written.
        """
        self._worker.start()
        try:
            await self._worker.run(self._open)
        except BaseException:  # a cancellation too, while the thread goes on and takes the file
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self._worker.run(self._close)
        self._worker.stop()

    async def append(self, entry: Mapping[str, Any]) -> Record:
        """Add an entry; it is on the disk when this returns.

        Whoever is cancelled meanwhile does not know whether it was added.

        Raises:
            StoreError: It is no JSON object of plain values, or has over a megabyte.
            StoreFull: There is no room; nothing was added.
            StoreUnavailable: The ledger is not open.
            StoreUnusable: The file cannot be written any more.
        """
        async with self._turn:
            return await self._worker.run(lambda: self._append(entry))

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _sync_folder(self._path.parent)
        except OSError as error:
            raise StoreUnusable(f"{self._path.name} cannot be opened: {error.strerror}.") from error
        try:
            self._take()
            self._find_end()
        except OSError as error:  # such as a pipe, which has no end to look at
            self._close()
            raise StoreUnusable(f"{self._path.name} cannot be opened: {error.strerror}.") from error
        except StoreError:
            self._close()
            raise

    def _take(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreUnavailable(
                f"Another process writes to {self._path.name}; a ledger has one writer."
            ) from error

    def _find_end(self) -> None:
        """Find the last whole record, and cut off what was being written behind it."""
        size = os.fstat(self._file).st_size
        start = max(0, size - 2 * MAX_RECORD_BYTES - 2)
        tail = os.pread(self._file, size - start, start)
        whole = tail.rfind(b"\n") + 1
        self.torn_bytes = len(tail) - whole
        if self.torn_bytes > MAX_RECORD_BYTES or (not whole and start):
            raise StoreUnusable(f"{self._path.name} is no ledger: its end is no record.")
        self._size = size - self.torn_bytes
        if self.torn_bytes:
            os.ftruncate(self._file, self._size)
            os.fsync(self._file)
        if self._size:
            last = tail[tail.rfind(b"\n", 0, whole - 1) + 1 : whole]
            self._head = self._head_of(last)

    def _head_of(self, line: bytes) -> LedgerHead:
        try:
            record = read_record(line)
        except BadRecord as error:
            raise StoreUnusable(f"The last record of {self._path.name} is bad: {error}.") from error
        return LedgerHead(record.index + 1, record.hash)

    def _append(self, entry: Mapping[str, Any]) -> Record:
        if self._file < 0:
            raise StoreUnavailable("The ledger is not open: enter it with `async with` first.")
        record = record_of(self._head.records, self._head.hash, entry)
        line = record.line
        try:
            written = os.pwrite(self._file, line, self._size)
            if written < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file)
        except OSError as error:
            self._undo(error)
        self._size += len(line)
        self._head = LedgerHead(record.index + 1, record.hash)
        return record

    def _undo(self, error: OSError) -> None:
        """Take back what was written in part; a disk that failed to sync is not trusted again."""
        if error.errno in _FULL:
            os.ftruncate(self._file, self._size)
            raise StoreFull(f"There is no room for {self._path.name} to grow.") from error
        self._close()
        raise StoreUnusable(f"{self._path.name} cannot be written: {error.strerror}.") from error

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _sync_folder(folder: Path) -> None:
    """Have the name of a new file on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
