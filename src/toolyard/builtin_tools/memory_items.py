"""What a memory keeps at a key: a value, or that someone has claimed it."""

from __future__ import annotations

from dataclasses import dataclass

_CLAIM = "\0@"
_VALUE = "\0\0"  # before a value that begins with a NUL, so that none is taken for a claim


@dataclass(frozen=True, slots=True)
class MemoryItem:
    """What is at a key."""

    value: str
    """The owner, where it is a claim."""
    version: int
    """Grows with every change, also over deletion and restarts; a claim's fencing number."""
    added_at: float
    """When it was written, in seconds since 1970."""
    expires_in_s: float | None
    """Seconds that are left; `None` if it never ends."""
    is_claim: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """Who holds a key after somebody tried to claim it."""

    is_won: bool
    """Whether it is the one who tried."""
    owner: str
    """Empty where it holds a value and not a claim."""
    version: int
    """The fencing number of what is there."""
    expires_in_s: float | None


def kept_value(value: str) -> str:
    """`value` as a store keeps it."""
    return _VALUE + value[1:] if value.startswith("\0") else value


def kept_claim(owner: str) -> str:
    """A claim of `owner` as a store keeps it."""
    return _CLAIM + owner


def owner_in(kept: str) -> str | None:
    """Who claimed, if `kept` is a claim."""
    return kept.removeprefix(_CLAIM) if kept.startswith(_CLAIM) else None


def value_in(kept: str) -> str:
    """The value that was kept, or the owner."""
    if kept.startswith(_VALUE):
        return kept[1:]
    return kept.removeprefix(_CLAIM)
