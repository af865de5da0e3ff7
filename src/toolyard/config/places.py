"""Where an option was given: which line of the file, which variable, which argument."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_TABLE = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\"'-]+?)\s*=")

Path = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Places:
    """What each source of settings gave, the strongest first: arguments, environment, file."""

    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    environment: Mapping[str, Any] = field(default_factory=dict[str, Any])
    file_name: str = "toolyard.toml"
    file_text: str = ""

    def of(self, path: Path) -> str:
        """A phrase that names the option at `path` and where it stands."""
        dotted = ".".join(str(part) for part in path)
        if _holds(self.arguments, path):
            return f"the argument --{dotted.replace('_', '-')}"
        if _holds(self.environment, path):
            return f"TOOLYARD_{'__'.join(str(part) for part in path).upper()} in the environment"
        line = line_of(self.file_text, path)
        where = f", line {line}" if line else ""
        return f"{dotted!r} in {self.file_name}{where}"


def _holds(given: Any, path: Path) -> bool:
    for part in path:
        if not isinstance(given, Mapping) or part not in given:
            return False
        given = given[part]  # pyright: ignore[reportUnknownVariableType]
    return True


def line_of(text: str, path: Path) -> int | None:
    """The line of a TOML text on which the option at `path`, or the nearest above it, stands."""
    names = [str(part) for part in path if isinstance(part, str)]
    found: int | None = None
    best = 0
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        header = _TABLE.fullmatch(line)
        key = None if header else _KEY.match(line)
        if header:
            table = _parts(header[1])
            here = table
        elif key:
            here = [*table, *_parts(key[1])]
        else:
            continue
        shared = len(here) if here == names[: len(here)] else 0
        if shared > best:
            found, best = number, shared
    return found


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]
