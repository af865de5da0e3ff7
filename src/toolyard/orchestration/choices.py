"""Words that whoever makes a workflow chooses among."""

from __future__ import annotations

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
