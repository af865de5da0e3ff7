"""The tables of a journal in PostgreSQL, reached by one connection."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
from psycopg import (
    AsyncConnection,
    AsyncCursor,
    DataError,
    Error,
    IntegrityError,
    OperationalError,
    ProgrammingError,
)
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import (
    DeadlockDetected,
    DiskFull,
    InsufficientPrivilege,
    InvalidAuthorizationSpecification,
    InvalidPassword,
    ReadOnlySqlTransaction,
    SerializationFailure,
)
from psycopg.sql import SQL, Identifier

from toolyard.core.errors import (
    ConfigError,
    OutcomeUnknown,
    StoreError,
    StoreFull,
    StoreUnavailable,
    StoreUnusable,
    ToolyardError,
)
from toolyard.storage.journal.schema import tables
from toolyard.storage.journal.script import Query, Rows, Script, Work
from toolyard.storage.journal.waiting import Waiting, taken

T = TypeVar("T")

PAUSE_S = 0.2
"""Before a connection that was lost is made anew."""
TRIES = 3
"""How often a transaction is tried that others were in the way of."""
VERSION = 1
_LOCK = 0x746F6F6A
"""Of the server, for whoever makes the tables."""
_IN_THE_WAY = (DeadlockDetected, SerializationFailure)
_REFUSED = (
    InsufficientPrivilege,
    InvalidAuthorizationSpecification,
    InvalidPassword,
    ReadOnlySqlTransaction,
)


class PostgresDatabase:
    """A `JournalDatabase`: changes that come while one is committed are committed together."""

    def __init__(self, dsn: str, schema: str, timeout_s: float) -> None:
        try:
            conninfo_to_dict(dsn)
        except ProgrammingError:  # its text may hold the password
            raise ConfigError(
                "The address of PostgreSQL is malformed: write postgresql://USER@HOST:PORT/NAME."
            ) from None
        self._dsn = dsn
        self._schema = schema
        self._timeout_s = timeout_s
        self._turn = anyio.Lock()
        self._changes = deque[Waiting[Any]]()
        self._connection: AsyncConnection | None = None
        self._is_open = False
        self._is_committing = False
        """Whether what was done may be kept, though nobody said so."""

    async def __aenter__(self) -> Self:
        """Connect, and make the tables.

        Raises:
            StoreUnavailable: It cannot be reached.
            StoreUnusable: It does not let us in, or its tables are of a newer toolyard.
        """
        self._is_open = True
        try:
            async with self._turn:
                await self._in_time(self._connected)
        except BaseException:  # a cancellation too: whoever did not enter does not leave
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._is_open = False
        with anyio.CancelScope(shield=True):
            async with self._turn:
                await self._drop()

    async def change(self, work: Work[T]) -> T:
        """As `JournalDatabase.change`."""
        waiting = Waiting(work)
        self._changes.append(waiting)
        try:
            async with self._turn:  # whoever comes later finds theirs done
                with anyio.CancelScope(shield=True):  # it is not for one of them alone
                    await self._commit(taken(self._changes))
        finally:
            waiting.is_wanted = False
        return waiting.result()

    async def read(self, work: Work[T]) -> T:
        """As `JournalDatabase.read`."""
        waiting = Waiting(work)
        async with self._turn:
            with anyio.CancelScope(shield=True):
                await self._commit([waiting])
        return waiting.result()

    async def _commit(self, batch: Sequence[Waiting[Any]]) -> None:
        """Do all of `batch`, or nothing."""
        if not batch:
            return
        try:
            await self._in_time(lambda: self._tried(batch))
        except Exception as error:  # it is raised to each who waits
            for waiting in batch:
                waiting.fail(error)

    async def _in_time(self, do: Callable[[], Awaitable[object]]) -> None:
        """Do it; a connection is not used again after anything went wrong."""
        self._is_committing = False
        try:
            with anyio.fail_after(self._timeout_s):
                await do()
        except BaseException as error:
            await self._drop()
            if isinstance(error, Error | TimeoutError):
                raise translated(error, is_committing=self._is_committing) from error
            raise

    async def _tried(self, batch: Sequence[Waiting[Any]]) -> None:
        """One transaction, tried again while nothing was changed: what was done must be kept."""
        left = TRIES
        while True:
            try:
                return await self._done(await self._connected(), batch)
            except _IN_THE_WAY:
                left -= 1
                self._is_committing = False
                if not left:
                    raise
            except OperationalError:
                if self._is_committing:
                    raise
                await anyio.sleep(PAUSE_S)
            await self._drop()

    async def _done(self, connection: AsyncConnection, batch: Sequence[Waiting[Any]]) -> None:
        """One transaction: all scripts go on at the same time, a statement of each at once."""
        now = (await _executed(connection, [_NOW]))[0][0][0]
        going = [(waiting, waiting.work(now)) for waiting in batch]
        answers: Sequence[Rows | None] = [None] * len(going)
        while going:
            asking = list[tuple[Waiting[Any], Script[Any]]]()
            queries = list[Query]()
            for (waiting, script), rows in zip(going, answers, strict=True):
                query = _next(waiting, script, rows)
                if query is not None:
                    asking.append((waiting, script))
                    queries.append(query)
            going, answers = asking, await _executed(connection, queries)
        self._is_committing = True
        await connection.commit()

    async def _connected(self) -> AsyncConnection:
        """The connection, made anew if it was lost."""
        if not self._is_open:
            raise StoreUnavailable("The journal is not open: enter it with `async with` first.")
        if self._connection is None or self._connection.closed:
            self._connection = await AsyncConnection.connect(self._dsn)
            await self._prepare(self._connection)
        return self._connection

    async def _prepare(self, connection: AsyncConnection) -> None:
        schema = Identifier(self._schema)
        async with connection.cursor() as cursor:
            await cursor.execute(SQL("SELECT pg_advisory_xact_lock(%s)"), (_LOCK,))
            found = await cursor.execute(
                "SELECT to_regclass(%s)", (f"{schema.as_string(connection)}.version",)
            )
            if (await found.fetchone() or (None,))[0] is None:
                await cursor.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
                await cursor.execute(SQL("SET LOCAL search_path TO {}").format(schema))
                for statement in _TABLES:
                    await cursor.execute(statement.encode())
            await cursor.execute(SQL("SET search_path TO {}").format(schema))
            await cursor.execute("SET synchronous_commit TO on")
            rows = await (await cursor.execute("SELECT version FROM version")).fetchall()
        await connection.commit()
        if rows != [(VERSION,)]:
            raise StoreUnusable("The journal was written by a newer toolyard: upgrade this one.")

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with anyio.CancelScope(shield=True):
                await connection.close()


_TABLES = (
    *tables("BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY", "DOUBLE PRECISION"),
    "CREATE TABLE version(version INTEGER NOT NULL)",
    f"INSERT INTO version VALUES ({VERSION})",  # noqa: S608 - a number of ours
)


_NOW = Query("SELECT extract(epoch FROM clock_timestamp())::double precision")


def _next(waiting: Waiting[Any], script: Script[Any], rows: Rows | None) -> Query | None:
    """The next statement of a script; `None` if it is over."""
    try:
        return next(script) if rows is None else script.send(rows)
    except StopIteration as end:
        waiting.succeed(end.value)
    except ToolyardError as error:  # it says no; the others go on
        waiting.fail(error)
    return None


async def _executed(connection: AsyncConnection, queries: Sequence[Query]) -> Sequence[Rows]:
    """The rows that each gives, in one message to the server and back."""
    cursors = list[AsyncCursor[Any]]()
    async with connection.pipeline():
        for query in queries:
            sql = query.sql.replace("?", "%s").encode()
            cursors.append(await connection.execute(sql, query.values))
    return [await each.fetchall() if each.description else () for each in cursors]


def translated(error: Exception, *, is_committing: bool) -> StoreError:
    """What `error` means to whoever asked; its own text may name hosts and users."""
    if isinstance(error, DiskFull):
        return StoreFull("The journal cannot grow: the server's disk is full. Make room.")
    if isinstance(error, _REFUSED):
        return StoreUnusable("PostgreSQL does not let us in, or not write: look at the user.")
    if isinstance(error, DataError | IntegrityError | ProgrammingError):
        return StoreUnusable("PostgreSQL refuses the journal's tables, which may be others.")
    if is_committing and not isinstance(error, _IN_THE_WAY):
        return OutcomeUnknown(
            "PostgreSQL was lost while a change was committed: read before you write again."
        )
    return StoreUnavailable("PostgreSQL cannot be reached, or is busy; nothing was changed.")
