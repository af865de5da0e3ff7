"""The kind `memory`: its options, and the memory they describe."""

from __future__ import annotations

from toolyard.builtin_tools.memory import Memory
from toolyard.core.errors import ConfigError
from toolyard.storage.opening import store_at
from toolyard.storage.store import StoreLimits

_LIMITS = StoreLimits()


def memory_of(
    store: str = "memory",
    namespace: str = "default",
    max_keys: int = _LIMITS.max_keys,
    max_bytes: int = _LIMITS.max_bytes,
    max_value_bytes: int = _LIMITS.max_value_bytes,
) -> Memory:
    """A memory from options as they stand in settings.

    Args:
        store: `memory`, `sqlite:PATH` or a URL of Redis.
        namespace: Which part of the store.
        max_keys: How many keys the whole store may hold.
        max_bytes: How many bytes all keys and values may have together.
        max_value_bytes: How many bytes one value may have.

    Raises:
        ConfigError: An option has no such value.
    """
    for name, text in (("store", store), ("namespace", namespace)):
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] a file may say anything
            raise ConfigError(f"The option {name} of 'memory' is a text.")
    numbers = {"max_keys": max_keys, "max_bytes": max_bytes, "max_value_bytes": max_value_bytes}
    for name, number in numbers.items():
        if type(number) is not int or number < 1:
            raise ConfigError(f"The option {name} of 'memory' is a whole number from 1 on.")
    return Memory(store_at(store, StoreLimits(**numbers)), namespace=namespace)
