"""A store from the words that name it in settings."""

from __future__ import annotations

from importlib import import_module

from toolyard.core.errors import ConfigError
from toolyard.storage.memory_store import MemoryStore
from toolyard.storage.sqlite_store import SqliteStore
from toolyard.storage.store import Store, StoreLimits

_REDIS = ("redis://", "rediss://", "unix://")


def store_at(place: str, limits: StoreLimits | None = None) -> Store:
    """The store that `place` names: `memory`, `sqlite:PATH`, or a URL of Redis.

    Raises:
        ConfigError: It names none, or one that needs a package which is not installed.
    """
    if place == "memory":
        return MemoryStore(limits)
    if place.startswith("sqlite:") and place != "sqlite:":
        return SqliteStore(place.removeprefix("sqlite:"), limits=limits)
    if place.startswith(_REDIS):
        return _redis_store(place, limits)
    raise ConfigError("A store is named memory, sqlite:PATH or redis://HOST:PORT/NUMBER.")


def _redis_store(url: str, limits: StoreLimits | None) -> Store:
    try:
        module = import_module("toolyard.storage.redis_store")
    except ModuleNotFoundError as error:
        raise ConfigError('A store in Redis needs: pip install "toolyard[redis]"') from error
    return module.RedisStore(url, limits=limits)
