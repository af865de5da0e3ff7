"""A store in one SQLite file, shared by the processes of a machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from sqlite3 import Connection
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio

from toolyard.storage.checks import (
    check_key,
    check_limit,
    check_prefix,
    check_step,
    check_ttl,
    check_value,
    check_version,
)
from toolyard.storage.sqlite_file import SqliteFile
from toolyard.storage.sqlite_table import KEYS, Changing, Reading
from toolyard.storage.store import ChangeStream, Entry, Page, Sizes, StoreChange, StoreLimits
from toolyard.storage.watching import BATCH, POLL_S, Watch
from toolyard.storage.worker import Worker

T = TypeVar("T")


class SqliteStore:
    """A `Store` in a file that survives kills and power failures.

    A change is acknowledged once it is on the disk (WAL, synchronous=FULL). Any number of
    processes of one machine may share the file, which must lie on a local disk. Leases follow a
    clock that setting the time does not move, on Linux.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        limits: StoreLimits | None = None,
        busy_timeout_s: float = 10.0,
    ) -> None:
        """Nothing is opened before it is entered.

        Args:
            path: The file; made where there is none, in a directory that exists.
            limits: What it may hold; all who share the file should say the same.
            busy_timeout_s: How long an operation waits for other processes.
        """
        self._file = SqliteFile(Path(path), KEYS, busy_timeout_s)
        self._limits = limits or StoreLimits()
        self._worker = Worker()
        self._users = 0

    def health(self) -> Mapping[str, Any]:
        """Which engine this is; each change is on the disk before it is acknowledged."""
        return {"engine": "sqlite", "durability": "always"}

    async def __aenter__(self) -> Self:
        """Open the file; `StoreUnusable` or `StoreUnavailable` if that cannot be.

        It may be entered several times; the last to leave closes it.
        """
        self._users += 1
        self._worker.start()
        try:
            await self._worker.run(self._file.open)
        except BaseException:  # a cancellation too: whoever did not enter does not leave
            await self._leave()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._leave()

    async def _leave(self) -> None:
        self._users -= 1
        if self._users:
            return
        with anyio.CancelScope(shield=True):  # as long as an operation may wait
            await self._worker.run(self._file.close)
        if not self._users:  # nobody came meanwhile
            self._worker.stop()

    async def get(self, key: str) -> Entry | None:
        """As `Store.get`."""
        check_key(key, self._limits)
        return await self._read(lambda table: table.entry(key))

    async def put(self, key: str, value: str, *, ttl_s: float | None = None) -> int:
        """As `Store.put`."""
        self._check(key, value, ttl_s)
        return await self._change(lambda table: table.write(key, value, ttl_s=ttl_s))

    async def compare_and_set(
        self, key: str, value: str, *, version: int, ttl_s: float | None = None
    ) -> int | None:
        """As `Store.compare_and_set`."""
        self._check(key, value, ttl_s)
        check_version(version)

        def work(table: Changing) -> int | None:
            found = table.find(key)
            if (found.version if found else 0) != version:
                return None
            return table.write(key, value, ttl_s=ttl_s)

        return await self._change(work)

    async def renew(self, key: str, *, version: int, ttl_s: float | None) -> bool:
        """As `Store.renew`."""
        self._check(key, "", ttl_s)
        check_version(version)
        return await self._change(lambda table: table.renew(key, version, ttl_s))

    async def increment(self, key: str, by: int = 1, *, ttl_s: float | None = None) -> int:
        """As `Store.increment`."""
        self._check(key, "", ttl_s)
        check_step(by)
        return await self._change(lambda table: table.add(key, by, ttl_s=ttl_s))

    async def delete(self, key: str, *, version: int | None = None) -> bool:
        """As `Store.delete`."""
        check_key(key, self._limits)
        if version is not None:
            check_version(version)
        return await self._change(lambda table: table.delete(key, version))

    async def list_keys(self, prefix: str = "", *, after: str = "", limit: int = 100) -> Page:
        """As `Store.list_keys`."""
        check_prefix(prefix)
        check_prefix(after, "cursor")
        check_limit(limit)
        return await self._read(lambda table: table.page(prefix, after, limit))

    async def clear(self, prefix: str = "") -> int:
        """As `Store.clear`."""
        check_prefix(prefix)
        total, after = 0, ""
        while True:
            count, after = await self._cleared(prefix, after)
            total += count
            if count < BATCH:
                return total

    async def sizes(self, prefix: str = "") -> Sizes:
        """As `Store.sizes`."""
        check_prefix(prefix)
        return await self._read(lambda table: table.sizes(prefix))

    def watch(self, prefix: str = "") -> ChangeStream:
        """As `Store.watch`."""
        check_prefix(prefix)

        async def changes(after: int) -> tuple[Sequence[StoreChange], int]:
            if await self._read(lambda table: table.has_ended()):
                await self._change(lambda _: None)  # which removes some of it
            return await self._read(lambda table: table.changes(after, prefix))

        return Watch(changes, lambda: anyio.sleep(POLL_S))

    def _check(self, key: str, value: str, ttl_s: float | None) -> None:
        check_key(key, self._limits)
        check_value(value, self._limits)
        check_ttl(ttl_s)

    async def _cleared(self, prefix: str, after: str) -> tuple[int, str]:
        return await self._change(lambda table: table.clear(prefix, after))

    async def _read(self, work: Callable[[Reading], T]) -> T:
        file = self._file
        return await self._worker.run(
            lambda: file.read(lambda database: work(Reading(database, file.clock.now)))
        )

    async def _change(self, work: Callable[[Changing], T]) -> T:
        file = self._file

        def whole(database: Connection) -> T:
            table = Changing(database, file.clock.now, self._limits)
            table.reap()
            result = work(table)
            table.finish()
            return result

        return await self._worker.run(lambda: file.change(whole))
