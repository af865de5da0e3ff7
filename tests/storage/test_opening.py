"""A store from the words that name it."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.storage.killing import ENVIRONMENT

from toolyard.core.errors import ConfigError
from toolyard.storage.memory_store import MemoryStore
from toolyard.storage.opening import store_at
from toolyard.storage.redis_store import RedisStore
from toolyard.storage.sqlite_store import SqliteStore

WITHOUT_REDIS = """
import sys
sys.modules["redis"] = None
from toolyard.storage.opening import store_at
store_at("memory")
try:
    store_at("redis://127.0.0.1:6379/0")
except Exception as error:
    print(type(error).__name__, error)
"""


def test_each_engine_has_a_name(tmp_path: Path) -> None:
    assert isinstance(store_at("memory"), MemoryStore)
    assert isinstance(store_at(f"sqlite:{tmp_path / 'store.db'}"), SqliteStore)
    for url in ("redis://127.0.0.1:6379/0", "rediss://127.0.0.1/1", "unix:///run/redis.sock"):
        assert isinstance(store_at(url), RedisStore)


@pytest.mark.parametrize("place", ["", "Memory", "sqlite:", "sqlite", "postgres://x", "/tmp/x.db"])
def test_a_name_of_no_store_is_refused(place: str) -> None:
    with pytest.raises(ConfigError, match="is named"):
        store_at(place)


def test_without_the_extra_it_is_named() -> None:
    command = [sys.executable, "-c", WITHOUT_REDIS]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=20)
    assert done.stdout.strip() == (
        'ConfigError A store in Redis needs: pip install "toolyard[redis]"'
    )
