"""Refuses values that an option cannot have, with its name and what it can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from toolyard.core.errors import ConfigError


def at_least(least: int, **options: int | None) -> None:
    """Raise `ConfigError` if one of `options` is less than `least`; `None` is no number."""
    for name, value in options.items():
        if value is not None and value < least:
            raise ConfigError(f"{name} must be {least} or more, not {value}.")


def one_of(choices: object, **options: str) -> None:
    """Raise `ConfigError` if one of `options` is none of `choices`, a `Literal`."""
    known: Sequence[str] = get_args(choices)
    for name, value in options.items():
        if value not in known:
            raise ConfigError(f"{name} must be one of {', '.join(known)}, not {value!r}.")
