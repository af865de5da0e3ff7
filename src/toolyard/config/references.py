"""References to variables in a host's file, such as `${API_KEY}`, and what they stand for."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from toolyard.core.errors import ConfigError

INPUT_PREFIX = "TOOLYARD_INPUT_"
"""What the variables begin with that answer what VS Code would ask for: `${input:api-key}`."""

_REFERENCE = re.compile(r"\$\{([^${}]*)\}")
_VARIABLE = re.compile(r"(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
_INPUT = re.compile(r"input:([\w.-]{1,64})")
_WHOLE = re.compile(r"\$([A-Z_][A-Z0-9_]*)")
"""Gemini CLI's short form; in the middle of a text a dollar sign may mean itself."""
_NESTED = re.compile(r"\$\{[^${}]*\$\{")
_UNFIT = re.compile(r"[^A-Z0-9]+")

_PREDEFINED: Mapping[str, Callable[[Path], str]] = {
    "workspaceFolder": str,
    "workspaceFolderBasename": lambda folder: folder.name,
    "userHome": lambda _: os.path.expanduser("~"),
    "pathSeparator": lambda _: os.sep,
    "/": lambda _: os.sep,
}
"""The references that hosts answer themselves, by the folder of the project."""


@dataclass(frozen=True, slots=True)
class Where:
    """Whose texts these are."""

    server: str
    """What messages call the server, by its name and its file, within a sentence."""
    folder: Path
    """The folder of the project that the file belongs to."""


def variables_in(text: str) -> list[str]:
    """The environment variables that `text` refers to."""
    if whole := _WHOLE.fullmatch(text):
        return [whole[1]]
    return list(_variables(text))


def only_variable_in(text: str) -> str | None:
    """The variable whose value is all of `text`; `None` if there is more, or less."""
    names = variables_in(text)
    bare = _WHOLE.fullmatch(text) or (_REFERENCE.fullmatch(text) and ":-" not in text)
    return names[0] if names and bare else None


def expanded(text: str, origin: Where) -> str:
    """`text` with what its references stand for; these are looked at once, not again.

    Raises:
        ConfigError: A variable is not set, or a reference is of no known kind; the message
            names the variable and the server, and no value.
    """
    if whole := _WHOLE.fullmatch(text):
        return _value(whole[1], origin)
    if _NESTED.search(text):
        raise ConfigError(f"In {origin.server} a reference is inside another: write one of them.")
    return _REFERENCE.sub(lambda found: _meaning(found[1], origin), text)


def _variables(text: str) -> Iterator[str]:
    for inner in _REFERENCE.findall(text):
        if inner in _PREDEFINED:
            continue
        if asked := _INPUT.fullmatch(inner):
            yield input_variable(asked[1])
        elif named := _VARIABLE.fullmatch(inner):
            yield named[1]


def input_variable(key: str) -> str:
    """The variable that answers `${input:KEY}`: `api-key` is `TOOLYARD_INPUT_API_KEY`."""
    return INPUT_PREFIX + _UNFIT.sub("_", key.upper())


def _meaning(inner: str, origin: Where) -> str:
    if inner in _PREDEFINED:
        return _PREDEFINED[inner](origin.folder)
    if asked := _INPUT.fullmatch(inner):
        return _answer(asked[1], origin)
    named = _VARIABLE.fullmatch(inner)
    if named is None:
        raise ConfigError(
            f"In {origin.server} a reference means something to its host only: toolyard knows "
            "${VAR}, ${VAR:-default}, ${env:VAR}, ${input:ID}, ${workspaceFolder} and ${userHome}."
        )
    if named[2] is not None:
        return os.environ.get(named[1]) or named[2]
    return _value(named[1], origin)


def _value(variable: str, origin: Where) -> str:
    value = os.environ.get(variable)
    if value is None:
        raise ConfigError(f"Set {variable} in the environment: {origin.server} refers to it.")
    return value


def _answer(key: str, origin: Where) -> str:
    value = os.environ.get(input_variable(key))
    if value is None:
        raise ConfigError(
            f"Set {input_variable(key)} in the environment to what the host would ask for as "
            f"{key!r}: {origin.server} refers to it."
        )
    return value
