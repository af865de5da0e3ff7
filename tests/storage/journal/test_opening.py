"""A journal from the words that name it."""

import sys
from pathlib import Path

import pytest

from toolyard.core.errors import ConfigError
from toolyard.storage.journal.opening import journal_at
from toolyard.storage.journal.postgres_journal import PostgresJournal
from toolyard.storage.journal.sqlite_journal import SqliteJournal


def test_each_is_found_by_its_name(tmp_path: Path) -> None:
    assert type(journal_at(f"sqlite:{tmp_path}/journal.db")) is SqliteJournal
    assert type(journal_at("postgresql://me@localhost/db")) is PostgresJournal


@pytest.mark.parametrize("place", ["", "sqlite:", "memory", "redis://localhost"])
def test_what_names_none_is_refused(place: str) -> None:
    with pytest.raises(ConfigError, match="sqlite:PATH"):
        journal_at(place)


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "toolyard.storage.journal.postgres_journal", None)
    with pytest.raises(ConfigError, match=r"toolyard\[postgres\]"):
        journal_at("postgresql://me@localhost/db")
