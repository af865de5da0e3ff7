"""A journal from the words that name it in settings."""

from __future__ import annotations

from importlib import import_module

from toolyard.core.errors import ConfigError
from toolyard.storage.journal.journal import DurableJournal
from toolyard.storage.journal.sqlite_journal import SqliteJournal

_POSTGRES = ("postgresql://", "postgres://")


def journal_at(place: str) -> DurableJournal:
    """The journal that `place` names: `sqlite:PATH`, or a URL of PostgreSQL.

    Raises:
        ConfigError: It names none, or one that needs a package which is not installed.
    """
    if place.startswith("sqlite:") and place != "sqlite:":
        return SqliteJournal(place.removeprefix("sqlite:"))
    if place.startswith(_POSTGRES):
        return _postgres_journal(place)
    raise ConfigError("A journal is named sqlite:PATH or postgresql://USER@HOST:PORT/NAME.")


def _postgres_journal(url: str) -> DurableJournal:
    try:
        module = import_module("toolyard.storage.journal.postgres_journal")
    except ImportError as error:  # psycopg says so too where there is no libpq
        raise ConfigError(
            'A journal in PostgreSQL needs: pip install "toolyard[postgres]"'
        ) from error
    return module.PostgresJournal(url)
