"""Names that must tell things apart."""

from __future__ import annotations

from collections.abc import Sequence

from toolyard.core.errors import ConfigError


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
