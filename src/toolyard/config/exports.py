"""Imported servers as tables for a settings file, from which secrets are left out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolyard.config.imports import HostFile, HostServer, refuse_clashes
from toolyard.config.references import (
    INPUT_PREFIX,
    expanded,
    only_variable_in,
    variables_in,
)
from toolyard.config.secrets import has_credentials, names_secret, secrets_in

OMITTED = "..."
"""What stands for a secret that is not written."""

Table = dict[str, Any]

_UNFIT = re.compile(r"[^A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class Export:
    """Tables for a settings file, and what they do not say."""

    tools: dict[str, Table] = field(default_factory=dict[str, Table])
    tokens: dict[str, str] = field(default_factory=dict[str, str])
    """Variables to be set to tokens that stand in the hosts' files, by the tables' names."""
    secrets: dict[str, Table] = field(default_factory=dict[str, Table])
    """The parts of tables that are secrets, with `OMITTED` in the place of each."""
    notes: list[str] = field(default_factory=list[str])
    """A sentence for each server that is left out, or without something."""

    def written(self) -> Mapping[str, Any]:
        """All of it, for JSON."""
        parts = {"tools": self.tools, "tokens": self.tokens, "secrets": self.secrets}
        return {**parts, "notes": self.notes}


def export_of(files: Sequence[HostFile], *, with_secrets: bool) -> Export:
    """The servers in `files` as tables; a secret that is a reference needs no variable yet.

    Raises:
        ConfigError: Two servers have the same name, or a variable of what is written is not set.
    """
    servers = [server for file in files for server in file.servers]
    refuse_clashes(servers)
    export = Export(notes=[note for file in files for note in file.notes])
    taken = {name for server in servers for name in server.variables()}
    for server in servers:
        if not with_secrets and (why := _why_secret(server)):
            export.notes.append(
                f"{server.origin.server[0].upper()}{server.origin.server[1:]} is left out, as it "
                f"holds {why}: say --with-secrets, or have the file served with mcp_servers."
            )
        else:
            _add(export, server, taken, with_secrets=with_secrets)
    return export


def toml_of(export: Export) -> str:
    """The tables as TOML, with comments that say what is not in them."""
    import tomli_w  # loaded only for this

    comments = "".join(f"# {line}\n" for line in _comments(export))
    text = comments + ("\n" if comments and export.tools else "")
    if export.tools:
        text += tomli_w.dumps({"tools": export.tools})
    return "".join(map(_escaped, text)).rstrip("\n")


def _comments(export: Export) -> Iterator[str]:
    yield from export.notes
    for name, variable in export.tokens.items():
        yield f"Set {variable} in the environment to the token of {name!r}: it is not written here."
    if export.secrets:
        yield f"Set TOOLYARD_TOOLS in the environment to this, with a secret for each {OMITTED!r}:"
        yield json.dumps(export.secrets)


def _escaped(letter: str) -> str:
    """TOML's escape for what a terminal would not show; it can only stand within quotes."""
    if letter.isprintable() or letter == "\n":
        return letter
    code = ord(letter)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _add(export: Export, server: HostServer, taken: set[str], *, with_secrets: bool) -> None:
    """Add the table of `server`; a token that is the value of a variable is named by that."""
    table = dict(server.table)
    hidden = {} if with_secrets else _take_secrets(server, table)
    token: str | None = table.get("token")
    variable = None if token is None else only_variable_in(token)
    if token is not None and variable is None and not with_secrets:
        variable = export.tokens[server.name] = _free_variable(server.name, taken)
    if variable is not None:
        del table["token"]
        table["token_env"] = variable
    export.tools[server.name] = HostServer(server.name, server.origin, table).resolved()
    if hidden:
        export.secrets[server.name] = hidden


def _take_secrets(server: HostServer, table: Table) -> Table:
    """Take the variables and headers that are secrets out of `table`; gives what was there."""
    hidden: Table = {}
    for key in ("env", "headers"):
        pairs: Mapping[str, str] = table.pop(key, {})
        secret = [name for name, text in pairs.items() if _is_secret(server, name, text)]
        if open_ones := {name: text for name, text in pairs.items() if name not in secret}:
            table[key] = open_ones
        if secret:
            hidden[key] = dict.fromkeys(secret, OMITTED)
    return hidden


def _free_variable(name: str, taken: set[str]) -> str:
    """A variable for the token of the server called `name`: `GITHUB_TOKEN`."""
    wanted = f"{_UNFIT.sub('_', name.upper()).strip('_')}_TOKEN"
    variable = wanted if wanted[0].isalpha() else f"MCP_{wanted}"
    while variable in taken:
        variable = f"MCP_{variable}"
    taken.add(variable)
    return variable


def _is_secret(server: HostServer, name: str, text: str) -> bool:
    """Whether the variable or header `name` is a secret, by its name, its variables or itself."""
    if names_secret(name) or any(map(_is_secret_variable, variables_in(text))):
        return True
    return any(secrets_in([f"{name}={expanded(text, server.origin)}"]))


def _is_secret_variable(name: str) -> bool:
    return names_secret(name) or name.startswith(INPUT_PREFIX)


def _why_secret(server: HostServer) -> str | None:
    """What to call a secret in a command or a URL, where no variable can take its place."""
    command, url = server.table.get("command", []), server.table.get("url", "")
    for variable in (name for text in [*command, url] for name in variables_in(text)):
        if _is_secret_variable(variable):
            return f"what {variable} holds"
    words = [expanded(word, server.origin) for word in command]
    if has_credentials(expanded(url, server.origin)):
        return "credentials in its URL"
    return next(secrets_in(words), None)
