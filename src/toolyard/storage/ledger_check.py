"""Whether a ledger is whole: read from its start to its end, a record at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from toolyard.core.errors import StoreUnusable
from toolyard.storage.ledger_record import (
    FIRST,
    MAX_RECORD_BYTES,
    BadRecord,
    Record,
    check_next,
    read_record,
)


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """How long a chain is, and the hash it ends with: kept elsewhere, it shows a cut tail."""

    records: int
    hash: str
    """`FIRST` if there are none."""


@dataclass(frozen=True, slots=True)
class LedgerVerdict:
    """What a check found."""

    head: LedgerHead
    """Of the part that is good."""
    bad: str | None
    """What is wrong with the first record behind it, if anything."""
    torn_bytes: int
    """At the end, of a record that was being written when the end came; no such record was
    acknowledged."""


def records_in(path: Path) -> Iterator[Record]:
    """The records of a ledger, checked one by one; stops before one that is torn at the end.

    Raises:
        StoreUnusable: A record is bad, or the file cannot be read.
    """
    index, previous = 0, FIRST
    for line in _lines(path):
        if _is_torn(line):
            return
        try:
            record = read_record(line)
            check_next(record, index, previous)
        except BadRecord as error:
            raise StoreUnusable(f"Record {index} of {path.name} is bad: {error}.") from error
        yield record
        index, previous = index + 1, record.hash


def check(path: Path, anchor: LedgerHead | None = None) -> LedgerVerdict:
    """Read a whole ledger, in memory for one record; blocks.

    Args:
        path: The file; that it is not there means that there are no records.
        anchor: A head that was kept elsewhere: the chain must go through it.

    Raises:
        StoreUnusable: The file cannot be read.
    """
    index, previous, torn = 0, FIRST, 0
    is_anchored = anchor is None or anchor == LedgerHead(0, FIRST)
    for line in _lines(path):
        if _is_torn(line):
            torn = len(line)
            break
        try:
            record = read_record(line)
            check_next(record, index, previous)
        except BadRecord as error:
            return LedgerVerdict(LedgerHead(index, previous), f"Record {index} is bad: {error}.", 0)
        index, previous = index + 1, record.hash
        is_anchored = is_anchored or LedgerHead(index, previous) == anchor
    head = LedgerHead(index, previous)
    if anchor is not None and not is_anchored:
        return LedgerVerdict(head, _unanchored(head, anchor), torn)
    return LedgerVerdict(head, None, torn)


def _unanchored(head: LedgerHead, anchor: LedgerHead) -> str:
    if head.records < anchor.records:
        return f"Record {head.records} is missing: there were {anchor.records} at least."
    return f"Record {anchor.records - 1} is another one than that which was kept elsewhere."


def _is_torn(line: bytes) -> bool:
    """Whether it may be the beginning of a record."""
    return not line.endswith(b"\n") and len(line) <= MAX_RECORD_BYTES


def _lines(path: Path) -> Iterator[bytes]:
    """Lines with their ends, none longer than a little more than a record may be."""
    try:
        with path.open("rb") as file:
            while line := file.readline(MAX_RECORD_BYTES + 2):
                yield line
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreUnusable(f"{path.name} cannot be read: {error.strerror}.") from error
