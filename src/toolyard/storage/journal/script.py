"""Statements for a database, told one by one to whoever has the connection.

A script is written once and runs on every database: it yields what is to be executed and is sent
the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self, TypeVar

T = TypeVar("T")


class Query(NamedTuple):
    """One statement; a `?` stands for each of `values`."""

    sql: str
    values: tuple[Any, ...] = ()


Rows = Sequence[tuple[Any, ...]]

Script = Generator[Query, Rows, T]
"""It says no before it has changed anything, so that others may share its transaction; their
statements may come between its own."""

Work = Callable[[float], Script[T]]
"""Makes a script for the time it is given, in seconds since 1970; anew if it must be repeated."""


class JournalDatabase(Protocol):
    """Where a journal's tables are."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None: ...

    async def change(self, work: Work[T]) -> T:
        """What the script gives, once all it did is on the disk."""
        ...

    async def read(self, work: Work[T]) -> T:
        """What a script that only looks gives."""
        ...


def finished(script: Script[T], execute: Callable[[Query], Rows]) -> T:
    """What `script` gives, its statements executed by `execute`."""
    try:
        query = next(script)
        while True:
            query = script.send(execute(query))
    except StopIteration as end:
        return end.value
