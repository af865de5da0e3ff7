"""Servers in the files of MCP hosts, as tables of our settings."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, cast

from toolyard.config.host_files import ADDRESSES, Entry, Written, read_servers, shown
from toolyard.config.references import Origin, expanded, variables_in
from toolyard.config.settings import Settings, ToolSettings
from toolyard.core.errors import ConfigError

logger = logging.getLogger("toolyard.config")

_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")
_BEARER = re.compile(r"bearer +(\S.*)", re.IGNORECASE | re.DOTALL)

TRANSPORTS = {"stdio": "command", "local": "command", "http": "url", "streamablehttp": "url"}
"""What hosts call the transports that we speak, without `-` and `_`, and what a table has then."""
FILTERS = {"includeTools": "only", "excludeTools": "without", "disabledTools": "without"}
"""Which tools hosts offer, as our tables say it."""
_USED = {"command", "args", "env", "cwd", "headers", "type", "transport", "disabled", "enabled"}
_OF_HOSTS = {"alwaysAllow", "autoApprove", "description", "dev", "source", "timeout", "trust"}
KNOWN = _USED | _OF_HOSTS | {*ADDRESSES, *FILTERS}
"""What needs no warning: it is used, or of meaning only to a host."""
MOST_NAMED = 10
"""How many unknown keys of a server are named."""


@dataclass(frozen=True, slots=True)
class HostServer:
    """One server: a table of the settings, whose texts may hold references."""

    name: str
    """Fit to be a table's name and a prefix."""
    origin: Origin
    table: Mapping[str, Any]

    def resolved(self) -> dict[str, Any]:
        """The table with what its references stand for.

        Raises:
            ConfigError: A variable is not set, or a reference is of no known kind.
        """
        return _each_text(self.table, lambda text: expanded(text, self.origin))

    def variables(self) -> Sequence[str]:
        """The variables whose values the server would get."""
        found: list[str] = []
        _each_text(self.table, lambda text: found.extend(variables_in(text)) or text)
        return sorted(set(found))

    def settings(self) -> ToolSettings:
        """The same, as the settings have it."""
        return ToolSettings.model_validate(self.resolved())


@dataclass(frozen=True, slots=True)
class HostFile:
    """The servers of a file that can be served, and a sentence for each thing left out."""

    name: str
    servers: Sequence[HostServer]
    notes: Sequence[str]

    def text(self) -> str:
        """All that matters of the file: it is the same as long as the servers are."""
        return json.dumps({server.name: server.table for server in self.servers}, sort_keys=True)


def host_files(files: Iterable[str]) -> Sequence[HostFile]:
    """The files of hosts at these paths, each read once; `~` is the home directory.

    Raises:
        ConfigError: One cannot be read, or a server in it cannot be understood.
    """
    return [host_file(Path(os.path.expanduser(file))) for file in files]


def host_file(file: Path) -> HostFile:
    """One of them."""
    return _understood(read_servers(file))


def with_servers(settings: Settings, files: Sequence[HostFile]) -> Settings:
    """`settings` that serve the servers in `files` too, each with its name as the prefix.

    What is left out is told in the log.

    Raises:
        ConfigError: Two servers, or one and a table, have the same name, or a variable that a
            server refers to is not set.
    """
    servers = [server for file in files for server in file.servers]
    refuse_clashes(servers)
    for server in servers:
        if server.name in settings.tools:
            raise ConfigError(
                f"Both {server.origin.server} and [tools.{server.name}] have that name: give one "
                "of them another."
            )
    for note in chain.from_iterable(file.notes for file in files):
        logger.warning("%s", note)
    tools = {server.name: server.settings() for server in servers}
    return settings.model_copy(update={"tools": {**settings.tools, **tools}})


def refuse_clashes(servers: Iterable[HostServer]) -> None:
    """Raises `ConfigError` if two servers would get the same name; it names both."""
    known: dict[str, HostServer] = {}
    for server in servers:
        other = known.get(server.name)
        if other is not None:
            raise ConfigError(
                f"Both {other.origin.server} and {server.origin.server} would be called "
                f"{server.name!r}: give one of them another name."
            )
        known[server.name] = server


def _understood(written: Written) -> HostFile:
    servers: list[HostServer] = []
    notes: list[str] = []
    for name, entry in written.entries.items():
        place = f"server {shown(name)} in {written.name}"
        said = f"The {place}"
        idle = _why_left_out(entry)
        if idle is not None:
            notes.append(f"{said} {idle}, so it is left out.")
            continue
        fit = fit_name(name)
        table = {**_Entry(entry, said).table(), "prefix": fit}
        servers.append(HostServer(fit, Origin(f"the {place}", written.folder), table))
        notes.extend(_ignored(entry, said))
    refuse_clashes(servers)
    return HostFile(written.name, servers, notes)


def fit_name(name: str) -> str:
    """`name` as a table and a prefix can be called: `My server!` is `My_server`."""
    return _UNFIT.sub("_", name)[:32].strip("_-") or "server"


def _why_left_out(entry: Entry) -> str | None:
    if entry.get("disabled") is True or entry.get("enabled") is False:
        return "is disabled"
    if entry.get("source") == "extension" or set(entry) == {"settings"}:
        return "belongs to an extension of its host"
    if _transport(entry) == "sse":
        return "speaks SSE, and toolyard only speaks its successor, Streamable HTTP"
    return None


def _transport(entry: Entry) -> str | None:
    given = entry.get("type", entry.get("transport"))
    return re.sub("[_-]", "", given).lower() if isinstance(given, str) else None


def _ignored(entry: Entry, said: str) -> Iterator[str]:
    unknown = [shown(key) for key in entry if key not in KNOWN]
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        yield f"{said} is imported without {', '.join(unknown[:MOST_NAMED])}{more}."


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return {key: _each_text(each, change) for key, each in pairs}
    return [_each_text(each, change) for each in cast("list[Any]", value)]


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a host's file while it becomes a table."""

    entry: Entry
    said: str
    """What messages call it."""

    def table(self) -> dict[str, Any]:
        if "envFile" in self.entry:
            raise ConfigError(
                f"{self.said} has an envFile, which toolyard does not read: name its variables "
                "in env instead, as references such as ${API_KEY}."
            )
        entry = self._flat()
        way = self._way(entry)
        table = self._remote(entry) if way == "url" else self._process(entry)
        for key, option in FILTERS.items():
            if key in entry:
                table[option] = [*table.get(option, ()), *self._texts(entry, key)]
        return table

    def _flat(self) -> Entry:
        """Zed used to write the path, `args` and `env` below `command`."""
        command = self.entry.get("command")
        if not isinstance(command, dict):
            return self.entry
        inner = cast("dict[str, Any]", command)
        return {**self.entry, **inner, "command": inner.get("path")}

    def _way(self, entry: Entry) -> str:
        ways = {"url": any(key in entry for key in ADDRESSES), "command": "command" in entry}
        given = [way for way, is_given in ways.items() if is_given]
        transport = _transport(entry)
        if transport is not None and transport not in TRANSPORTS:
            raise ConfigError(
                f"{self.said} has a type that toolyard does not know: it speaks stdio and http."
            )
        if transport is not None and TRANSPORTS[transport] in given:
            return TRANSPORTS[transport]
        if len(given) != 1 or transport is not None:
            raise ConfigError(
                f"{self.said} has to have either a command or a URL, and a type that fits."
            )
        return given[0]

    def _process(self, entry: Entry) -> dict[str, Any]:
        table: dict[str, Any] = {"command": [self._text(entry, "command")]}
        if "args" in entry:
            table["command"] += self._texts(entry, "args")
        if env := self._pairs(entry, "env"):
            table["env"] = env
        if entry.get("cwd") is not None:
            table["cwd"] = self._text(entry, "cwd")
        return table

    def _remote(self, entry: Entry) -> dict[str, Any]:
        key = next(key for key in ADDRESSES if key in entry)
        table: dict[str, Any] = {"url": self._text(entry, key)}
        headers = self._pairs(entry, "headers")
        for name, value in list(headers.items()):
            bearer = _BEARER.fullmatch(value) if name.lower() == "authorization" else None
            if bearer is not None and "token" not in table:
                table["token"] = bearer[1]
                del headers[name]
        return {**table, "headers": headers} if headers else table

    def _text(self, entry: Entry, key: str) -> str:
        value = entry[key]
        if not isinstance(value, str) or not value:
            raise ConfigError(f"{self.said}: {key} has to be a text.")
        return value

    def _texts(self, entry: Entry, key: str) -> list[str]:
        value = entry[key]
        if isinstance(value, list):
            parts = cast("list[object]", value)
            if all(isinstance(part, str) for part in parts):
                return cast("list[str]", parts)
        raise ConfigError(f"{self.said}: {key} has to be a list of texts.")

    def _pairs(self, entry: Entry, key: str) -> dict[str, str]:
        """Texts by name; a number is its text, and null says that there is none."""
        value = entry.get(key)
        if value is None:
            return {}
        if isinstance(value, dict):
            pairs = cast("dict[str, object]", value)
            if all(isinstance(each, str | int | float | None) for each in pairs.values()):
                return {name: _text(each) for name, each in pairs.items() if each is not None}
        raise ConfigError(f"{self.said}: {key} has to be an object of texts.")


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
