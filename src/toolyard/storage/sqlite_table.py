"""What is done to the keys of a store in SQLite, within one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from toolyard.storage.checks import beyond, check_room, summed
from toolyard.storage.sqlite_file import FileSchema
from toolyard.storage.store import Entry, ListedKey, Page, Sizes, StoreChange, StoreLimits
from toolyard.storage.watching import BATCH, MAX_BEHIND

KEYS = FileSchema(
    application=0x746F6F6C,
    version=1,
    tables=(
        "CREATE TABLE state(one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL,"
        " keys INTEGER NOT NULL, bytes INTEGER NOT NULL, forgotten INTEGER NOT NULL,"
        " boot TEXT NOT NULL, epoch REAL NOT NULL)",
        "INSERT INTO state VALUES (1, 0, 0, 0, 0, '', 0)",
        "CREATE TABLE entries(key TEXT NOT NULL UNIQUE, version INTEGER NOT NULL UNIQUE,"
        " added REAL NOT NULL, expires REAL, size INTEGER NOT NULL, value TEXT NOT NULL)",
        "CREATE INDEX leases ON entries(expires) WHERE expires IS NOT NULL",
        "CREATE TABLE deletions(version INTEGER PRIMARY KEY, key TEXT NOT NULL)",
    ),
)
"""The file of a store."""

_REAPED = 50
"""Ended leases that one change removes besides its own work."""
_END = "\U0010ffff" * 600  # no key is so long


class Found(NamedTuple):
    """A row whose lease has not ended."""

    version: int
    added: float
    expires: float | None
    size: int
    value: str


class Reading:
    """Looking at the keys at one moment."""

    def __init__(self, database: sqlite3.Connection, now: float) -> None:
        self._database = database
        self._now = now

    def find(self, key: str) -> Found | None:
        """The row of `key`, if there is one that lives."""
        row = self._database.execute(
            "SELECT version, added, expires, size, value FROM entries"
            " WHERE key = ? AND (expires IS NULL OR expires > ?)",
            (key, self._now),
        ).fetchone()
        return Found(*row) if row else None

    def entry(self, key: str) -> Entry | None:
        """The same as an entry."""
        found = self.find(key)
        if found is None:
            return None
        left = self._left(found.expires)
        return Entry(key, found.value, found.version, found.added, left)

    def page(self, prefix: str, after: str, limit: int) -> Page:
        """Keys in their order."""
        rows = self._database.execute(
            "SELECT key, version, added, expires, size FROM entries"
            " WHERE key > ? AND key >= ? AND key < ? AND (expires IS NULL OR expires > ?)"
            " ORDER BY key LIMIT ?",
            (after, prefix, beyond(prefix) or _END, self._now, limit + 1),
        ).fetchall()
        listed = tuple(
            ListedKey(key, version, added, self._left(expires), size)
            for key, version, added, expires, size in rows[:limit]
        )
        return Page(listed, listed[-1].key if len(rows) > limit else None)

    def sizes(self, prefix: str) -> Sizes:
        """Counted, where its lease has not ended."""
        row = self._database.execute(
            "SELECT count(*), total(length(CAST(key AS BLOB))), total(size) FROM entries"
            " WHERE key >= ? AND key < ? AND (expires IS NULL OR expires > ?)",
            (prefix, beyond(prefix) or _END, self._now),
        ).fetchone()
        return Sizes(*map(int, row))

    def has_ended(self) -> bool:
        """Whether there is a key whose lease has ended."""
        ended = "SELECT 1 FROM entries WHERE expires <= ? LIMIT 1"
        return self._database.execute(ended, (self._now,)).fetchone() is not None

    def changes(self, after: int, prefix: str) -> tuple[Sequence[StoreChange], int]:
        """What changed after a version, and how far that looked."""
        sequence, forgotten = self._database.execute(
            "SELECT sequence, forgotten FROM state"
        ).fetchone()
        if after < 0 or after == sequence:
            return (), sequence
        if after < forgotten:
            return (StoreChange(None, sequence),), sequence
        span = (after, prefix, beyond(prefix) or _END)
        rows = self._database.execute(
            "SELECT key, version, 0 FROM entries WHERE version > ? AND key >= ? AND key < ?"
            " UNION ALL"
            " SELECT key, version, 1 FROM deletions WHERE version > ? AND key >= ? AND key < ?"
            " ORDER BY 2 LIMIT ?",
            (*span, *span, BATCH),
        ).fetchall()
        changes = tuple(StoreChange(key, version, bool(gone)) for key, version, gone in rows)
        return changes, changes[-1].version if len(rows) == BATCH else sequence

    def _left(self, expires: float | None) -> float | None:
        return None if expires is None else max(0.0, expires - self._now)


class Changing(Reading):
    """Changing keys; `finish` writes down what that did to the whole."""

    def __init__(self, database: sqlite3.Connection, now: float, limits: StoreLimits) -> None:
        super().__init__(database, now)
        self._limits = limits
        self._begun = database.execute("SELECT sequence, keys, bytes FROM state").fetchone()
        self._sequence, self._keys, self._bytes = self._begun

    def finish(self) -> None:
        """Keep the numbers; to be called last."""
        numbers = (self._sequence, self._keys, self._bytes)
        if numbers != self._begun:
            self._database.execute("UPDATE state SET sequence = ?, keys = ?, bytes = ?", numbers)

    def write(self, key: str, value: str, *, ttl_s: float | None) -> int:
        """Write with a new lease, or none; the new version."""
        expires = None if ttl_s is None else self._now + ttl_s
        return self._write(key, value, expires)

    def add(self, key: str, by: int, *, ttl_s: float | None) -> int:
        """Add to an integer; the sum."""
        found = self.find(key)
        total = summed(found.value if found else "0", by)
        expires = None if ttl_s is None else self._now + ttl_s
        if found and ttl_s is None:
            expires = found.expires
        self._write(key, str(total), expires)
        return total

    def renew(self, key: str, version: int, ttl_s: float | None) -> bool:
        """Start a new lease."""
        found = self.find(key)
        if found is None or found.version != version:
            return False
        expires = None if ttl_s is None else self._now + ttl_s
        self._database.execute("UPDATE entries SET expires = ? WHERE key = ?", (expires, key))
        return True

    def delete(self, key: str, version: int | None) -> bool:
        """Remove `key`, where it is at `version`."""
        found = self.find(key)
        if found is None or version not in (None, found.version):
            return False
        self._drop([(key, found.size)])
        return True

    def clear(self, prefix: str, after: str) -> tuple[int, str]:
        """Remove some; how many, and the last of them."""
        rows = self._database.execute(
            "SELECT key, size FROM entries WHERE key > ? AND key >= ? AND key < ?"
            " ORDER BY key LIMIT ?",
            (after, prefix, beyond(prefix) or _END, BATCH),
        ).fetchall()
        self._drop(rows)
        return len(rows), rows[-1][0] if rows else ""

    def reap(self) -> None:
        """Remove what has ended: some, or all that takes up room which is needed."""
        self._drop(
            self._database.execute(
                "SELECT key, size FROM entries WHERE expires <= ? LIMIT ?", (self._now, _REAPED)
            ).fetchall()
        )

    def _write(self, key: str, value: str, expires: float | None) -> int:
        size = len(value.encode())
        while not self._fits(key, size) and self._reaped_some():
            pass
        old = self._size_at(key)
        keys, total = self._after(key, size, old)
        check_room(keys, total, self._limits)
        self._keys, self._bytes, self._sequence = keys, total, self._sequence + 1
        self._database.execute(
            "INSERT INTO entries(key, version, added, expires, size, value)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET version = excluded.version,"
            " added = excluded.added, expires = excluded.expires, size = excluded.size,"
            " value = excluded.value",
            (key, self._sequence, self._now, expires, size, value),
        )
        return self._sequence

    def _fits(self, key: str, size: int) -> bool:
        keys, total = self._after(key, size, self._size_at(key))
        return keys <= self._limits.max_keys and total <= self._limits.max_bytes

    def _after(self, key: str, size: int, old: int | None) -> tuple[int, int]:
        grown = size - old if old is not None else size + len(key.encode())
        return self._keys + (old is None), self._bytes + grown

    def _size_at(self, key: str) -> int | None:
        row = self._database.execute("SELECT size FROM entries WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def _reaped_some(self) -> bool:
        before = self._keys
        self.reap()
        return self._keys < before

    def _drop(self, rows: Sequence[tuple[str, int]]) -> None:
        for key, size in rows:
            self._sequence += 1
            self._keys -= 1
            self._bytes -= size + len(key.encode())
            self._database.execute("DELETE FROM entries WHERE key = ?", (key,))
            self._database.execute("INSERT INTO deletions VALUES (?, ?)", (self._sequence, key))
        if rows:
            self._forget()

    def _forget(self) -> None:
        old = self._sequence - MAX_BEHIND
        if self._database.execute("DELETE FROM deletions WHERE version <= ?", (old,)).rowcount:
            self._database.execute("UPDATE state SET forgotten = ?", (old,))
