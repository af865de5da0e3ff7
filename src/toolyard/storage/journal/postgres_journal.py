"""A journal in PostgreSQL, shared by processes on any number of machines."""

from __future__ import annotations

from toolyard.storage.journal.postgres_database import PostgresDatabase
from toolyard.storage.journal.stored_journal import LEASE_S, StoredJournal


class PostgresJournal(StoredJournal):
    """A journal in the tables `runs` and `steps` of a schema, which are made if need be.

    A step is acknowledged once the server has it on its disk. Leases follow the server's clock.
    It needs `pip install "toolyard[postgres]"`, and runs on asyncio only.
    """

    def __init__(
        self,
        dsn: str,
        *,
        schema: str = "toolyard",
        lease_s: float = LEASE_S,
        timeout_s: float = 10.0,
    ) -> None:
        """Nothing is connected before it is entered.

        Args:
            dsn: Where the database is, as libpq reads it: `postgresql://USER@HOST:PORT/NAME`.
            schema: Where its tables are in the database.
            lease_s: As in `StoredJournal`.
            timeout_s: How long a change may take, connecting anew included.

        Raises:
            ConfigError: `dsn` is malformed.
        """
        super().__init__(PostgresDatabase(dsn, schema, timeout_s), lease_s=lease_s)
