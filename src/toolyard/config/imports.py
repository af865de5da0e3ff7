"""Servers in the files of MCP hosts, as tables of our settings."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, cast

from toolyard.config.host_entries import ignored_keys, table_of, why_left_out
from toolyard.config.host_files import Written, read_servers, shown
from toolyard.config.references import Where, expanded, variables_in
from toolyard.config.settings import Settings, ToolSettings
from toolyard.core.errors import ConfigError

logger = logging.getLogger("toolyard.config")

_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class HostServer:
    """One server: a table of the settings, whose texts may hold references."""

    name: str
    """Fit to be a table's name and a prefix."""
    origin: Where
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
        """The same, as the settings have it; also `ConfigError` if its URL is none of HTTP."""
        table = self.resolved()
        if not table.get("url", "http://").startswith(("http://", "https://")):
            raise ConfigError(
                f"The URL of {self.origin.server} has to begin with http:// or https://."
            )
        return ToolSettings.model_validate(table)


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
    return [host_file(path_of(file)) for file in files]


def path_of(file: str) -> Path:
    """Where a file is that is named so in settings."""
    return Path(os.path.expanduser(file))


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
        idle = why_left_out(entry)
        if idle is not None:
            notes.append(f"{said} {idle}, so it is left out.")
            continue
        fit = fit_name(name)
        table = {**table_of(entry, said), "prefix": fit}
        servers.append(HostServer(fit, Where(f"the {place}", written.folder), table))
        notes.extend(ignored_keys(entry, said))
    refuse_clashes(servers)
    return HostFile(written.name, servers, notes)


def fit_name(name: str) -> str:
    """`name` as a table and a prefix can be called: `My server!` is `My_server`."""
    return _UNFIT.sub("_", name)[:32].strip("_-") or "server"


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return {key: _each_text(each, change) for key, each in pairs}
    return [_each_text(each, change) for each in cast("list[Any]", value)]
