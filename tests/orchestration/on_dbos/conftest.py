"""What is done on DBOS is tested on both of its databases, each time on a new one."""

import secrets
from collections.abc import AsyncGenerator, Generator
from importlib.util import find_spec
from pathlib import Path

import anyio
import psycopg
import pytest
from tests.support.missing import missing
from tests.support.postgres import Postgres, postgres


@pytest.fixture(scope="session")
def postgres_server() -> Generator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture(autouse=True)
def _with_dbos() -> None:
    if find_spec("dbos") is None:
        missing("DBOS", 'Run `pip install "dbos>=3.4,<4"` in the environment of the tests.')


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path}/dbos.db"


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> str:
    name = f"dbos_{secrets.token_hex(8)}"
    with psycopg.connect(postgres_server.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return postgres_server.dsn.removesuffix("postgres") + name


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture(autouse=True)
async def _in_time(anyio_backend: str) -> AsyncGenerator[None]:
    with anyio.fail_after(50):
        yield
