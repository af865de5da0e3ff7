"""Runs on DBOS are killed at each request to a model in turn, and come to what they come to."""

import secrets
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest
from tests.orchestration.on_dbos.killing import REQUESTS, assert_the_same, command, requests
from tests.support.postgres import postgres
from tests.support.process import run

pytest.importorskip("dbos", reason="MISSING: DBOS. Install the extra `dbos`.")


@pytest.fixture(scope="module")
def dsn() -> Generator[str]:
    with postgres() as server:
        yield server.dsn


@pytest.mark.timeout(150)
@pytest.mark.parametrize("kill_at", range(1, REQUESTS + 1))
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_kill_anywhere_changes_no_result(
    database: str, kill_at: int, dsn: str, tmp_path: Path
) -> None:
    log, url = tmp_path / "log", f"sqlite:{tmp_path}/dbos.db"
    if database == "postgres":
        name = f"dbos_{secrets.token_hex(8)}"
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        url = dsn.removesuffix("postgres") + name

    killed = run(command(url, log, "10", str(kill_at)), timeout_s=60)
    before = requests(log)
    done = run(command(url, log, "10"), timeout_s=60)

    assert killed.code == -9
    assert_the_same(done, log, before)
