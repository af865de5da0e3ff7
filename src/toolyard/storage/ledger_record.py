"""One record of a ledger: written in one way only, and chained to the one before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from toolyard.core.errors import StoreError

FIRST = "0" * 64
"""What comes before the first record."""
MAX_RECORD_BYTES = 1 << 20
"""Of one line."""


class BadRecord(Exception):
    """A line is no record, or not the next one; the text says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """An entry at its place in a chain."""

    index: int
    """From 0."""
    previous: str
    """The hash of the record before; `FIRST` for the first."""
    entry: Mapping[str, Any]
    """A JSON object."""
    hash: str
    """SHA-256 of all else, in lower hexadecimal digits."""

    @property
    def line(self) -> bytes:
        """As it stands in the file."""
        return _canonical(
            {
                "entry": self.entry,
                "hash": self.hash,
                "index": self.index,
                "previous": self.previous,
            }
        )


def record_of(index: int, previous: str, entry: Mapping[str, Any]) -> Record:
    """The record for `entry` behind the one with the hash `previous`.

    Raises:
        StoreError: It is no JSON, or too large.
    """
    try:
        record = Record(index, previous, entry, _hash(index, previous, entry))
        size = len(record.line)
    except (TypeError, ValueError, RecursionError) as error:
        raise StoreError("The entry is no JSON object of plain values.") from error
    if size > MAX_RECORD_BYTES:
        raise StoreError(f"The entry has {size} bytes; at most {MAX_RECORD_BYTES} are allowed.")
    return record


def read_record(line: bytes) -> Record:
    """The record that `line` says, byte for byte as it was written.

    Raises:
        BadRecord: It is none, or was changed.
    """
    try:
        said: Any = json.loads(line)
        record = Record(said["index"], said["previous"], said["entry"], said["hash"])
        fits = record.line == line
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadRecord("it is no record") from error
    if not fits:
        raise BadRecord("it is not written as records are")
    if record.hash != _hash(record.index, record.previous, record.entry):
        raise BadRecord("its hash is not that of what it says")
    return record


def check_next(record: Record, index: int, previous: str) -> None:
    """Raise `BadRecord` unless `record` is the one behind `previous`, the `index`-th."""
    if record.index != index:
        raise BadRecord(f"it says that it is number {record.index}")
    if record.previous != previous:
        raise BadRecord("it does not follow the record before")


def _hash(index: int, previous: str, entry: Mapping[str, Any]) -> str:
    return sha256(_canonical({"entry": entry, "index": index, "previous": previous})).hexdigest()


def _canonical(value: Mapping[str, Any]) -> bytes:
    """JSON in the only way that counts: keys sorted, ASCII, no blanks; no boundary can move."""
    text = json.dumps(
        value, sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":")
    )
    return text.encode() + b"\n"
