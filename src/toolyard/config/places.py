"""Where an option was given: which argument, which variable, which line of the file."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PREFIX = "TOOLYARD_"

OPTIONS: Mapping[str, str] = {
    "allowed_hosts": "--allowed-host",
    "allowed_origins": "--allowed-origin",
    "drain_s": "--drain",
    "tls.certfile": "--tls-cert",
    "tls.keyfile": "--tls-key",
}
"""The arguments of `toolyard serve` that are not simply `--` and the option's name."""

LINE_LETTERS = 1_000
"""How much of a line is looked at: its header or key stands in front."""

# No two parts of these may take the same letter, or a long line takes time without end.
_HEADER = re.compile(r"(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""((?:"[^"]*"|'[^']*'|[\w.\s-])+)=""")
_PART = re.compile(r"""["']([^"']*)["']|([\w-]+)""")

Path = Sequence[str | int]


@dataclass(frozen=True, slots=True)
class Places:
    """What each source of settings gave, the strongest first: arguments, environment, file."""

    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    environment: Mapping[str, Any] = field(default_factory=dict[str, Any])
    variables: Collection[str] = ()
    """The names that are set in the environment."""
    file_name: str = "toolyard.toml"
    file_text: str = ""

    def of(self, path: Path, *, missing: bool = False) -> str:
        """A phrase that names the option at `path` and where it stands.

        An option that is `missing` stands where the table is that lacks it.
        """
        held = path[:-1] if missing and len(path) > 1 else path
        if _holds(self.arguments, held):
            return f"the argument {argument_of(path, self.arguments)}"
        if _holds(self.environment, held):
            return f"{self._variable(path)} in the environment"
        line = line_of(self.file_text, path)
        where = f", line {line}" if line else ""
        return f"{_dotted(path)!r} in {self.file_name}{where}"

    def _variable(self, path: Path) -> str:
        """The variable that says it: its own, or the one that holds a whole table as JSON."""
        set_ones = {name.upper() for name in self.variables}
        whole = [PREFIX + "__".join(map(str, path[: end + 1])).upper() for end in range(len(path))]
        return next((name for name in reversed(whole) if name in set_ones), whole[-1])


def argument_of(path: Path, arguments: Mapping[str, Any]) -> str:
    """The argument of `toolyard serve` that says the option at `path`, as it is typed."""
    names = [str(part) for part in path if isinstance(part, str)]
    if names[0] == "limits":
        return " ".join(["--limit", *names[1:]])
    if names[0] == "tools" and len(names) > 1:
        kind = arguments.get("tools", {}).get(names[1], {}).get("kind")
        option = [names[1], *names[3:]]
        return f"KIND {kind!r}" if kind and len(names) < 4 else f"--set {'.'.join(option)}"
    dotted = ".".join(names)
    return OPTIONS.get(dotted, f"--{dotted.replace('_', '-')}")


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)


def _holds(given: Any, path: Path) -> bool:
    for part in path:
        if isinstance(part, int):
            return True  # a list comes from one place as a whole
        if not isinstance(given, Mapping) or part not in given:
            return False
        given = given[part]  # pyright: ignore[reportUnknownVariableType]
    return True


def line_of(text: str, path: Path) -> int | None:
    """The line of a TOML text on which the option at `path`, or the nearest above it, stands."""
    found: int | None = None
    best = 0
    table: list[str | int] = []
    arrays: dict[tuple[str | int, ...], int] = {}
    for number, whole in enumerate(text.splitlines(), start=1):
        line = whole.strip()[:LINE_LETTERS]
        if header := _HEADER.fullmatch(line):
            here = table = _table(header, arrays)
        elif key := _KEY.match(line):
            here = [*table, *_parts(key[1])]
        else:
            continue
        if len(here) > best and here == list(path[: len(here)]):
            found, best = number, len(here)
    return found


def _table(header: re.Match[str], arrays: dict[tuple[str | int, ...], int]) -> list[str | int]:
    """The path of a `[table]`, or of the next `[[element]]`, which `arrays` counts."""
    here: list[str | int] = []
    names = _parts(header[2])
    for left, name in enumerate(names, start=1 - len(names)):
        here.append(name)
        array = tuple(here)
        if left == 0 and header[1] == "[[":
            arrays[array] = arrays.get(array, -1) + 1
        if array in arrays:
            here.append(arrays[array])
    return here


def _parts(dotted: str) -> list[str]:
    return [quoted or bare for quoted, bare in _PART.findall(dotted)]
