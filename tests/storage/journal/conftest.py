"""Each test of what a journal is runs on every database."""

import secrets
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Protocol

import anyio
import pytest
from tests.support.postgres import Postgres, postgres

from toolyard.storage.journal.journal import DurableJournal
from toolyard.storage.journal.postgres_journal import PostgresJournal
from toolyard.storage.journal.sqlite_journal import SqliteJournal


class Make(Protocol):
    """Another opening of the same journal."""

    def __call__(self, *, lease_s: float = 30) -> DurableJournal: ...


@pytest.fixture(scope="session")
def postgres_server() -> Generator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    if request.param == "postgres":
        server: Postgres = request.getfixturevalue("postgres_server")
        schema = f"test_{secrets.token_hex(8)}"

        def in_postgres(*, lease_s: float = 30) -> DurableJournal:
            return PostgresJournal(server.dsn, schema=schema, lease_s=lease_s)

        return in_postgres

    def sqlite(*, lease_s: float = 30) -> DurableJournal:
        return SqliteJournal(tmp_path / "journal.db", lease_s=lease_s)

    return sqlite


@pytest.fixture
async def journal(make: Make) -> AsyncGenerator[DurableJournal]:
    async with make() as entered:
        yield entered


@pytest.fixture(autouse=True)
async def _in_time(anyio_backend: str) -> AsyncGenerator[None]:
    with anyio.fail_after(30):
        yield
