"""What a store takes, checked before an engine sees it."""

from __future__ import annotations

import math

from toolyard.core.errors import StoreError, StoreFull
from toolyard.storage.store import StoreLimits

MAX_TTL_S = 10 * 365 * 86_400.0
MAX_INTEGER = 10**15 - 1
"""What every engine adds up exactly."""
MAX_PAGE = 1_000


def byte_length(text: str, what: str) -> int:
    """Bytes of UTF-8; `StoreError` if `text` has halves of surrogate pairs, which have none."""
    try:
        return len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        raise StoreError(f"The {what} holds half a surrogate pair, which is no text.") from None


def check_key(key: str, limits: StoreLimits) -> int:
    """Bytes of `key`; `StoreError` if it cannot be one."""
    if not key:
        raise StoreError("The key is empty; it needs at least one character.")
    check_prefix(key, "key")
    size = byte_length(key, "key")
    if size > limits.max_key_bytes:
        most = limits.max_key_bytes
        raise StoreError(f"The key has {size} bytes; at most {most} are allowed.")
    return size


def check_prefix(prefix: str, what: str = "prefix") -> None:
    """`StoreError` if no key can begin with `prefix`."""
    if not prefix.isprintable():
        raise StoreError(
            f"The {what} holds a control or invisible character; use letters, digits and signs."
        )


def check_value(value: str, limits: StoreLimits) -> int:
    """Bytes of `value`; `StoreError` if there are too many."""
    size = byte_length(value, "value")
    if size > limits.max_value_bytes:
        most = limits.max_value_bytes
        raise StoreError(f"The value has {size} bytes; at most {most} are allowed.")
    return size


def check_ttl(ttl_s: float | None) -> None:
    """`StoreError` if a lease cannot last so long."""
    if ttl_s is not None and not (math.isfinite(ttl_s) and 0.001 <= ttl_s <= MAX_TTL_S):
        raise StoreError(f"A lease lasts from 0.001 to {MAX_TTL_S:.0f} seconds, not {ttl_s:g}.")


def check_version(version: int) -> None:
    """`StoreError` if no key was ever at `version`."""
    if not 0 <= version < 1 << 53:
        raise StoreError("A version is a whole number from 0 (absent) on.")


def check_limit(limit: int) -> None:
    """`StoreError` if a page cannot be so long."""
    if not 1 <= limit <= MAX_PAGE:
        raise StoreError(f"A page holds 1 to {MAX_PAGE} keys, not {limit}.")


def check_step(by: int) -> None:
    """`StoreError` if `by` cannot be added exactly."""
    if abs(by) > MAX_INTEGER:
        raise StoreError("Integers in a store have at most 15 digits.")


def integer_of(value: str) -> int:
    """The integer that `value` says; `StoreError` if it says none."""
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise StoreError("The value there is no integer of at most 15 digits; nothing was added.")
    return int(value)


def summed(value: str, by: int) -> int:
    """The sum; `StoreError` if it has too many digits."""
    total = integer_of(value) + by
    check_step(total)
    return total


def check_room(keys: int, size: int, limits: StoreLimits) -> None:
    """`StoreFull` if a store may not hold `keys` keys and `size` bytes."""
    if keys > limits.max_keys:
        raise StoreFull(f"The store is full: it holds {limits.max_keys} keys. Delete some first.")
    if size > limits.max_bytes:
        raise StoreFull(
            f"The store is full: keys and values may have {limits.max_bytes} bytes together. "
            "Delete some first."
        )


def beyond(prefix: str) -> str | None:
    """The least text after all that begin with `prefix`; `None` if there is none."""
    trimmed = prefix.rstrip("\U0010ffff")
    if not trimmed:
        return None
    last = ord(trimmed[-1]) + 1
    return trimmed[:-1] + chr(0xE000 if last == 0xD800 else last)
