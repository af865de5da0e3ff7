"""Settings from a file, the environment and the arguments; each later one wins."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource, SettingsError

from toolyard.config.places import Places
from toolyard.config.settings import Settings, ToolSettings
from toolyard.core.errors import ConfigError


def load(file: Path | None = None, arguments: Mapping[str, Any] | None = None) -> Settings:
    """The settings that `file`, the environment and `arguments` say together.

    Raises:
        ConfigError: The file cannot be read, or an option is unknown or has a bad value; the
            text names each one with its place.
    """
    text = _read(file)
    name = file.name if file else "toolyard.toml"
    given = dict(arguments or {})
    environment = _environment()
    merged = _merge(_merge(_parse(text, name), environment), given)
    places = Places(given, environment, name, text)
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        problems = [_sentence(problem, places) for problem in error.errors(include_url=False)]
        raise ConfigError("\n".join(dict.fromkeys(problems))) from None


def _read(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        raise ConfigError(f"The file {file.name!r} cannot be read; is it there?") from None


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name} is not valid TOML: {error}") from None


def _environment() -> dict[str, Any]:
    try:
        return EnvSettingsSource(Settings)()
    except SettingsError as error:
        raise ConfigError(f"The environment cannot be used: {error}.") from None


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`below` with `above` laid over it, table by table."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            value = _merge(cast("Mapping[str, Any]", under), cast("Mapping[str, Any]", value))
        merged[key] = value
    return merged


def _sentence(problem: ErrorDetails, places: Places) -> str:
    path = problem["loc"]
    where = places.of(path)
    if problem["type"] == "extra_forbidden":
        return f"There is no option {where}.{_suggestion(path)}"
    said = problem["msg"].removeprefix("Value error, ")
    shown = "" if _is_secret(path) else f" (it is {_short(problem['input'])})"
    return f"{where[0].upper()}{where[1:]}: {said[0].lower()}{said[1:]}{shown}."


def _suggestion(path: tuple[int | str, ...]) -> str:
    known = ToolSettings.model_fields if path[0] == "tools" else Settings.model_fields
    near = get_close_matches(str(path[-1]), known, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _is_secret(path: tuple[int | str, ...]) -> bool:
    words = {"token", "tokens", "secret", "key", "password", "headers", "jwt", "tls", "env"}
    return any(str(part) in words for part in path)


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
