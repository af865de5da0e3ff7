"""The servers that stand in a host's JSON file, as they are written there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from toolyard.config.reading import text_of
from toolyard.core.errors import ConfigError

KEYS = ("mcpServers", "servers", "context_servers")
"""Where hosts keep their servers: most of them, VS Code, and Zed."""
ADDRESSES = ("httpUrl", "serverUrl", "url")
"""How hosts call a server's URL; the first one that is there counts, as with Gemini CLI."""

MAX_BYTES = 16 << 20
"""How large a file may be; Claude Code's own keeps far more than servers."""
MAX_COMMENTED_BYTES = 1 << 17
"""How large one with comments may be, whose reader takes seconds for a megabyte."""

Entry = Mapping[str, Any]

_LINE = re.compile(r"<string>:([0-9]+) ")


@dataclass(frozen=True, slots=True)
class Written:
    """What a host's file says of servers, by the names they have there."""

    name: str
    """What messages call the file: no path, but the host's own folder, as in `.cursor/mcp.json`."""
    folder: Path
    """The folder of the project that it belongs to."""
    entries: Mapping[str, Entry]


def read_servers(file: Path) -> Written:
    """The servers in a host's file: JSON, also with comments and commas too many.

    Raises:
        ConfigError: It cannot be read, is too large or too deep, is no JSON, or holds no servers.
    """
    within = file.absolute().parent
    is_hosts_own = within.name.startswith(".")
    name = f"{within.name}/{file.name}" if is_hosts_own else file.name
    text = text_of(file, MAX_BYTES).removeprefix("\ufeff")  # as Windows begins texts
    entries = servers_in(text, name)
    return Written(name, within.parent if is_hosts_own else within, entries)


def servers_in(text: str, name: str) -> Mapping[str, Entry]:
    """The same, of a file called `name` that holds `text`."""
    section = _section(_parsed(text, name), name)
    if not isinstance(section, dict):
        raise ConfigError(f"What {name} holds as its servers is not a JSON object.")
    for key, entry in cast("dict[str, object]", section).items():
        if not isinstance(entry, dict):
            raise ConfigError(f"The server {shown(key)} in {name} is not a JSON object.")
    if not _is_sendable(json.dumps(section, ensure_ascii=False)):
        raise ConfigError(f"A server in {name} holds half a letter, such as \\ud800 alone.")
    return cast("dict[str, Entry]", section)


def shown(name: str) -> str:
    """A name from the file as messages show it, in one line and not without end."""
    return repr(name if len(name) <= 40 else f"{name[:37]}...")


def _is_sendable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _section(parsed: object, name: str) -> object:
    if not isinstance(parsed, dict):
        raise ConfigError(f"{name} is not a JSON object, as hosts' files are.")
    whole = cast("dict[str, Any]", parsed)
    found = [key for key in KEYS if key in whole]
    if len(found) > 1:
        raise ConfigError(f"{name} holds both {found[0]} and {found[1]}; keep one of them.")
    if found:
        section = whole[found[0]]
        if isinstance(section, dict):
            return {**cast("dict[str, Any]", section), **_of_project(whole)}
        return section
    if "projects" in whole:
        return _of_project(whole)
    if whole and all(map(_is_server, whole.values())):
        return whole
    raise ConfigError(
        f"{name} holds no servers: none of {', '.join(KEYS)} stands at its top, and not every "
        "entry has a command or a URL."
    )


def _of_project(whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """The servers that Claude Code keeps only for the project that is here."""
    found: object = whole
    for key in ("projects", os.getcwd(), "mcpServers"):
        found = cast("dict[str, object]", found).get(key) if isinstance(found, dict) else None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _is_server(entry: object) -> bool:
    return isinstance(entry, dict) and not entry.keys().isdisjoint(("command", *ADDRESSES))


def _parsed(text: str, name: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        return _commented(text, name, error.lineno)
    except RecursionError:
        raise ConfigError(f"{name} is nested too deeply.") from None
    except ValueError:  # Python's bound on the digits of a number
        raise ConfigError(f"In {name} a number is too long.") from None


def _commented(text: str, name: str, line: int) -> object:
    """What strict JSON refuses on `line`; the parser is loaded only for such files."""
    if len(text) > MAX_COMMENTED_BYTES:
        raise ConfigError(
            f"{name}, line {line}: this is not JSON. Comments are read only in files of up to "
            f"{MAX_COMMENTED_BYTES} bytes."
        )
    import json5

    try:
        return json5.loads(text)
    except RecursionError:
        raise ConfigError(f"{name} is nested too deeply.") from None
    except ValueError as error:  # what it says holds letters of the file
        place = _LINE.match(str(error))
        raise ConfigError(
            f"{name}, line {place[1] if place else line}: this is not JSON."
        ) from None
