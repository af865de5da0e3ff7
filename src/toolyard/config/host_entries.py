"""An entry of a host's file as a table of our settings, whatever host wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from toolyard.config.host_files import ADDRESSES, Entry, shown
from toolyard.core.errors import ConfigError

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


def table_of(entry: Entry, said: str) -> dict[str, Any]:
    """The table; its texts hold references as they are written.

    Raises:
        ConfigError: It cannot be understood; the message begins with `said` and shows no value.
    """
    return _Entry(entry, said).table()


def why_left_out(entry: Entry) -> str | None:
    """How messages go on that name a server which cannot or shall not be served."""
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


def ignored_keys(entry: Entry, said: str) -> Iterator[str]:
    """A sentence about what is not known of the server that is `said` to be this."""
    unknown = [shown(key) for key in entry if key not in KNOWN]
    if unknown:
        more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
        yield f"{said} is imported without {', '.join(unknown[:MOST_NAMED])}{more}."


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
