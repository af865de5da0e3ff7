"""Numbers that whoever makes a workflow gives it."""

from __future__ import annotations

from toolyard.core.errors import ConfigError


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
