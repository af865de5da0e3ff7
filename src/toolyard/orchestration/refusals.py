"""What whoever makes a workflow may not give it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from toolyard.core.errors import ConfigError


def refuse_other(choices: object, **options: str) -> None:
    """Raise if one of the `options` is none of `choices`, which is a `Literal`.

    Raises:
        ConfigError: One is.
    """
    known: tuple[str, ...] = get_args(choices)
    for name, value in options.items():
        if value not in known:
            raise ConfigError(f"{name} must be one of {', '.join(known)}, not {value!r}.")


def refuse_same_names(option: str, names: Sequence[str]) -> None:
    """Raise if an option has nothing in it, or two things of the same name.

    Raises:
        ConfigError: It has.
    """
    if not names:
        raise ConfigError(f"{option} must be one or more.")
    for at, name in enumerate(names):
        if name in names[:at]:
            raise ConfigError(f"Two of the {option} are called {name!r}: give one another name.")


def refuse_less(least: int, **options: float | None) -> None:
    """Raise if one of the `options` is given and less than `least`.

    Raises:
        ConfigError: One is.
    """
    for name, value in options.items():
        if value is not None and not value >= least:
            raise ConfigError(f"{name} must be {least} or more, not {value}.")


def refuse_no_share(**options: float | None) -> None:
    """Raise if one of the `options` is given and not from 0 to 1.

    Raises:
        ConfigError: One is.
    """
    for name, value in options.items():
        if value is not None and not 0 <= value <= 1:
            raise ConfigError(f"{name} must be from 0 to 1, not {value}.")
