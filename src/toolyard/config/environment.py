"""What the `TOOLYARD_*` variables say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolyard.config.places import PREFIX
from toolyard.config.settings import Settings

DEEP = frozenset({"allow", "jwt", "limits", "results", "tls", "tokens", "tools"})
"""The options that are JSON there, or may be."""


def options_in(environment: Mapping[str, str]) -> Mapping[str, Any]:
    """The options that `environment`, which is the process's, sets.

    Raises:
        ConfigError: A table or a list of tables in it is not JSON.
    """
    said = {name.lower().removeprefix(PREFIX.lower()): name for name in environment}
    named = {
        option: environment[name]
        for option, name in said.items()
        if name.lower() != option and option.partition("__")[0] in Settings.model_fields
    }
    if all(option in Settings.model_fields and option not in DEEP for option in named):
        return named
    # Loaded here: most servers need nothing of it, and it is large.
    from toolyard.config.deep_environment import DeepEnvironment

    return DeepEnvironment()()
