"""Settings from a file, the environment and the arguments; each later one wins."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from toolyard.config.environment import options_in
from toolyard.config.places import PREFIX, Places
from toolyard.config.reading import text_of
from toolyard.config.references import INPUT_PREFIX
from toolyard.config.settings import (
    JwtSettings,
    LimitSettings,
    ResultSettings,
    Settings,
    TlsSettings,
    TokenSettings,
    ToolSettings,
)
from toolyard.core.errors import ConfigError

logger = logging.getLogger("toolyard.config")

TABLES: Mapping[str, type[BaseModel]] = {
    "jwt": JwtSettings,
    "limits": LimitSettings,
    "results": ResultSettings,
    "tls": TlsSettings,
    "tokens": TokenSettings,
    "tools": ToolSettings,
}
SECRETS = frozenset(
    {
        *("token", "tokens", "jwt", "password", "state_key"),
        *("headers", "env", "options", "url", "command"),
    }
)
"""Options whose values are not shown: they are secrets, or may hold some."""
GUARDED = frozenset({"tokens", "jwt", "tls", "tools"})
"""Tables with secrets: nothing is shown of what stands where they, or one of their own, belong."""
TABLE_WANTED = frozenset({"model_type", "dict_type"})
"""The problems of something that stands where a whole table belongs."""

MOST_PROBLEMS = 20
"""How many are told at once: each is looked for in the whole file."""

_DIGITS = re.compile("[0-9_]+")
_KUBERNETES = re.compile(r"SERVICE_(HOST|PORT)(_.*)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_.*)?")
"""What Kubernetes sets in every pod beside a service that is named `toolyard`."""


def load(file: Path | None = None, arguments: Mapping[str, Any] | None = None) -> Settings:
    """The settings that `file`, the environment and `arguments` say together.

    Raises:
        ConfigError: The file cannot be read, or an option is unknown or has a bad value; the
            text names each one with its place.
    """
    if file is None:
        return settings_in("", "toolyard.toml", arguments)
    return settings_in(text_of(file), file.name, arguments)


def settings_in(
    text: str, name: str = "toolyard.toml", arguments: Mapping[str, Any] | None = None
) -> Settings:
    """As `load`, of a file called `name` that was read already and holds `text`."""
    settings = written_in(text, name, arguments)
    if not settings.mcp_servers:
        return settings
    from toolyard.config.imports import host_files, with_servers  # as few have such files

    return with_servers(settings, host_files(settings.mcp_servers))


def written_in(text: str, name: str, arguments: Mapping[str, Any] | None = None) -> Settings:
    """As `settings_in`, but without the servers of the hosts' files that it names."""
    given = dict(arguments or {})
    environment = options_in(os.environ)
    parsed = _parse(text, name)
    places = Places(given, environment, tuple(os.environ), name, text)
    _warn_of_unknown_variables()
    try:
        return Settings.model_validate(_merge(_merge(parsed, environment), given))
    except RecursionError:
        raise ConfigError(f"The options in {name} are nested too deeply.") from None
    except ValidationError as error:
        raise ConfigError(_told(error.errors(include_url=False), places)) from None


def _parse(text: str, name: str) -> dict[str, Any]:
    if not text:
        return {}
    import tomllib  # here, as many servers have no file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not valid TOML: {error}.") from None
    except RecursionError:
        raise ConfigError(f"{name} is not valid TOML: it is nested too deeply.") from None
    except ValueError:  # Python's bound on the digits of a number
        raise ConfigError(f"{name}{_line_of_digits(text)}: a number is too long.") from None


def _line_of_digits(text: str) -> str:
    """Where the longest number of a text stands."""
    longest = [max(map(len, _DIGITS.findall(line)), default=0) for line in text.splitlines()]
    return f", line {longest.index(max(longest)) + 1}"


def _warn_of_unknown_variables() -> None:
    """Say which variables mean nothing: a mistyped one must not go unnoticed."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    for variable in sorted(os.environ):
        name = variable.upper().split("__")[0]
        if not name.startswith(PREFIX) or name.startswith(INPUT_PREFIX) or name in known:
            continue
        if not _KUBERNETES.fullmatch(name.removeprefix(PREFIX)):
            near = _did_you_mean(name, known)
            logger.warning("there is no option %s, which is set in the environment%s", name, near)


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`below` with `above` laid over it, table by table."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            value = _merge(cast("Mapping[str, Any]", under), cast("Mapping[str, Any]", value))
        merged[key] = value
    return merged


def _told(problems: Sequence[ErrorDetails], places: Places) -> str:
    said = [_sentence(problem, places) for problem in problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        said.append(f"There are {len(problems) - MOST_PROBLEMS} more problems.")
    return "\n".join(dict.fromkeys(said))


def _sentence(problem: ErrorDetails, places: Places) -> str:
    path = problem["loc"]
    where = places.of(path, missing=problem["type"] == "missing")
    if problem["type"] == "extra_forbidden":
        names = [str(part) for part in path]
        known = TABLES[names[0]].model_fields if len(names) > 1 else Settings.model_fields
        unknown = where.removeprefix("the argument ")
        return f"There is no option {unknown}{_did_you_mean(names[-1], known)}."
    said = problem["msg"].removeprefix("Value error, ")
    shown = "" if _may_hold_secrets(problem) else _shown(problem["input"])
    return f"{where[0].upper()}{where[1:]}: {said[0].lower()}{said[1:]}{shown}."


def _did_you_mean(name: str, known: Mapping[str, Any] | list[str]) -> str:
    from difflib import get_close_matches  # for mistakes only

    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _may_hold_secrets(problem: ErrorDetails) -> bool:
    path = list(map(str, problem["loc"]))
    if problem["type"] in TABLE_WANTED or not SECRETS.isdisjoint(path):
        return True
    return len(path) <= 2 and not GUARDED.isdisjoint(path[:1])


def _shown(value: object) -> str:
    if not isinstance(value, str | int | float):
        return ""
    shown = repr(value)
    return f" (it is {shown if len(shown) <= 60 else f'{shown[:57]}...'})"
