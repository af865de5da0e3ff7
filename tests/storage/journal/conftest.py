"""Each test of what a journal is runs on every database."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol

import anyio
import pytest

from toolyard.storage.journal.journal import DurableJournal
from toolyard.storage.journal.sqlite_journal import SqliteJournal


class Make(Protocol):
    """Another opening of the same journal."""

    def __call__(self, *, lease_s: float = 30) -> DurableJournal: ...


@pytest.fixture(params=["sqlite"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    del request

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
