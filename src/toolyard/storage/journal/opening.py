"""A journal from the words that name it in settings."""

from __future__ import annotations

from importlib import import_module

from toolyard.core.errors import ConfigError
from toolyard.storage.journal.journal import DurableJournal
from toolyard.storage.journal.sqlite_journal import SqliteJournal

_POSTGRES = ("postgresql://", "postgres://")


def journal_at(place: str) -> DurableJournal:
    """The journal that `place` names: a file, or a URL of PostgreSQL.

    Raises:
        ConfigError: It names none, or one that needs a package which is not installed.
    """
    if place.startswith(_POSTGRES):
        try:
            module = import_module("toolyard.storage.journal.postgres_journal")
        except ModuleNotFoundError as error:
            raise ConfigError(
                'A journal in PostgreSQL needs: pip install "toolyard[postgres]"'
            ) from error
        return module.PostgresJournal(place)
    path = place.removeprefix("sqlite:")
    if not path or "://" in path:
        raise ConfigError("A journal is named by its file, or by postgresql://HOST/DATABASE.")
    return SqliteJournal(path)
