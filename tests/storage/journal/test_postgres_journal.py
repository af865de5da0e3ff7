"""What only a journal on a server can suffer."""

import secrets

import anyio
import psycopg
import pytest
from tests.storage.journal.doing import Work
from tests.support.postgres import Postgres
from tests.support.process import free_port

from toolyard.core.errors import ConfigError, StoreUnavailable, StoreUnusable
from toolyard.storage.journal.postgres_journal import PostgresJournal
from toolyard.storage.journal.steps import Steps


@pytest.fixture
def schema() -> str:
    return f"test_{secrets.token_hex(8)}"


async def test_a_connection_that_is_lost_is_made_anew(
    postgres_server: Postgres, schema: str
) -> None:
    async def cut_off() -> int:
        async with await psycopg.AsyncConnection.connect(postgres_server.dsn) as link:
            found = await link.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            row = await found.fetchone()
            return row[0] if row else 0

    async with (
        PostgresJournal(postgres_server.dsn, schema=schema) as journal,
        journal.open("r", "demo", None) as run,
    ):
        step = Steps(run).run("a", kind="test", input=None, do=cut_off, repeatable=False)
        assert await step == 1
        assert (await journal.steps("r"))[0].output == 1


async def test_a_server_that_is_not_there_is_told() -> None:
    dsn = f"postgresql://me:secret-word@127.0.0.1:{free_port()}/postgres"
    with pytest.raises(StoreUnavailable, match="cannot be reached") as told:
        async with PostgresJournal(dsn):
            pass
    assert "127.0.0.1" not in str(told.value)
    with pytest.raises(ConfigError, match="malformed") as refused:
        PostgresJournal("host=a secret-word")
    assert "secret" not in str(refused.value)


async def test_tables_of_a_newer_version_are_left_alone(
    postgres_server: Postgres, schema: str
) -> None:
    async with PostgresJournal(postgres_server.dsn, schema=schema):
        pass
    async with await psycopg.AsyncConnection.connect(postgres_server.dsn) as link:
        await link.execute(f"UPDATE {schema}.version SET version = 2".encode())
    with pytest.raises(StoreUnusable, match="newer toolyard"):
        async with PostgresJournal(postgres_server.dsn, schema=schema):
            pass


async def test_two_that_make_the_tables_at_once_do(postgres_server: Postgres, schema: str) -> None:
    work = Work()

    async def enter(name: str) -> None:
        async with (
            PostgresJournal(postgres_server.dsn, schema=schema) as journal,
            journal.open(name, "demo", None) as run,
        ):
            await work.step(Steps(run), name)

    async with anyio.create_task_group() as tasks:
        for name in "abcd":
            tasks.start_soon(enter, name)
    assert work.done == dict.fromkeys("abcd", 1)
