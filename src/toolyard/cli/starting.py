"""What `toolyard serve` does with its parameters, once they are read."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolyard.cli.terminal import start_logging
from toolyard.core.errors import ConfigError


def start(parameters: Mapping[str, Any]) -> None:
    """Serve as the parameters of the command say, by their names, until told to end.

    Raises:
        ToolyardError: They cannot be used, or a source cannot be started.
    """
    is_silent = parameters["quiet"] or parameters["stdio"]
    start_logging(logging.WARNING if is_silent else logging.INFO)
    arguments, config = arguments_in(parameters), parameters["config"]
    # Loaded here, so that help and usage errors need not wait for the servers' imports.
    from toolyard.cli.launch import launch
    from toolyard.config.origin import Origin

    if parameters["kinds"]:
        origin = Origin(config, arguments)
        edition = origin.read()
    else:
        from toolyard.cli.approval import edition_here

        origin, edition = edition_here(config, arguments)
    launch(origin, edition, new_token=parameters["new_token"], as_json=parameters["as_json"])


_COMBINED = frozenset(
    {"kinds", "config", "new_token", "limit", "tls_cert", "tls_key", "option", "as_json", "quiet"}
)
"""The parameters that are not settings of the same name."""


def arguments_in(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the parameters of `serve` say, as the settings name it.

    Raises:
        ConfigError: A pair is none, or two KINDs have one name.
    """
    given = {name: value for name, value in parameters.items() if name not in _COMBINED}
    given["limits"] = dict(_pair(item, "--limit") for item in parameters["limit"] or ())
    given["tls"] = _given({"certfile": parameters["tls_cert"], "keyfile": parameters["tls_key"]})
    given["tools"] = _tools(parameters["kinds"] or (), parameters["option"] or ())
    return _given(given)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was said at all; an empty text or a 0 was."""
    return {key: value for key, value in values.items() if value or _is_said(value)}


def _is_said(value: object) -> bool:
    return value is not False and value in ("", 0)


def _tools(kinds: Sequence[str], options: Sequence[str]) -> Mapping[str, Any]:
    """A `[tools.NAME]` for each KIND, named after it; `--set` fills its options."""
    tools: dict[str, dict[str, Any]] = {}
    for kind in kinds:
        name = Path(kind.partition(".py:")[0]).name.removesuffix(".py")
        if name in tools:
            raise ConfigError(f"Two KINDs are named {name!r}; give them names in a --config file.")
        tools[name] = {"kind": kind}
    for option in options:
        path, value = _pair(option, "--set")
        name, dot, key = path.rpartition(".")
        if not dot:
            raise ConfigError(f"--set takes KIND.OPTION=VALUE, not {option!r}.")
        tools.setdefault(name, {}).setdefault("options", {})[key] = _value(value)
    return tools


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ConfigError(f"{option} takes NAME=VALUE, not {text!r}.")
    return name, value


def _value(text: str) -> Any:
    """JSON where it is JSON, else the text as it stands."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
