"""Ready-to-paste blocks for MCP hosts; secrets are references, never literals."""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from toolyard.config.secrets import has_credentials, secrets_in
from toolyard.core.errors import ConfigError

SERVER_SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
DESCRIPTION = "Tools served by toolyard."
VERSION = "0.1.0"
TOKEN_VARIABLE = "TOOLYARD_TOKEN"  # noqa: S105 (a variable's name)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]{1,64})?")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")  # upper-case only, so that hardly a token passes


@dataclass(frozen=True, slots=True)
class HostEntry:
    """A server as a host should know it: a URL, or a command to start.

    `token_env` names the variable that holds the token a URL asks for; `None` if there is none.
    `env` names the variables that a command is started with; the host knows their values.
    `description` and `version` are for the registry: 1 to 100 letters, and as in `1.0.2`.

    Raises:
        ConfigError: A name is not one hosts take, or a secret would get into a host's file.
    """

    name: str
    url: str | None = None
    command: Sequence[str] = ()
    token_env: str | None = None
    env: Sequence[str] = ()
    description: str = DESCRIPTION
    version: str = VERSION

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError("A server's name in a host is 1 to 32 letters, digits, '_' and '-'.")
        if (self.url is None) == (not self.command):
            raise ConfigError("Give either the server's URL or the command that starts it.")
        if self.token_env is not None and not _VARIABLE.fullmatch(self.token_env):
            raise ConfigError(
                "Give the name of the variable that holds the token, such as TOOLYARD_TOKEN, "
                "never the token itself."
            )
        self._check_variables()
        self._check_registry()
        self._refuse_secrets()

    def _check_variables(self) -> None:
        if not all(map(_VARIABLE.fullmatch, self.env)):
            raise ConfigError(
                "Give --env the name of a variable, such as API_KEY, never its value: the block "
                "refers to it."
            )
        if self.env and self.url is not None:
            raise ConfigError("--env is for a command; what a URL asks for is --token-env.")

    def _check_registry(self) -> None:
        if not 1 <= len(self.description) <= 100:
            raise ConfigError("A description for the registry is 1 to 100 letters.")
        if not _VERSION.fullmatch(self.version):
            raise ConfigError("A version for the registry is one such as 1.0.2 or 2.1.0-beta.1.")

    def _refuse_secrets(self) -> None:
        if self.url is not None and not _is_clean(self.url):
            raise ConfigError("A server's URL is http(s)://HOST/PATH, with no credentials in it.")
        for name in secrets_in(self.command):
            raise ConfigError(
                f"The command seems to hold a secret: {name}. A host's file is no place for one: "
                "leave it out, have the server read it from a variable, and name that one with "
                "--env, such as --env API_KEY."
            )


def _is_clean(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not has_credentials(url)


@dataclass(frozen=True, slots=True)
class HostConfig:
    """A JSON block and where it goes."""

    block: Mapping[str, Any]
    path: str
    notes: Sequence[str] = field(default_factory=tuple[str, ...])

    def text(self) -> str:
        """The block as it is pasted."""
        return json.dumps(self.block, indent=2)


def _headers(entry: HostEntry, reference: str) -> dict[str, Any]:
    if entry.token_env is None:
        return {}
    return {"headers": {"Authorization": f"Bearer {reference}"}}


def _process(entry: HostEntry, reference: Callable[[str], str]) -> dict[str, Any]:
    """The command, and its variables as the host refers to them."""
    env = {name: reference(name) for name in entry.env}
    started = {"command": entry.command[0], "args": list(entry.command[1:])}
    return {**started, "env": env} if env else started


def claude_code(entry: HostEntry) -> HostConfig:
    """`.mcp.json` of a project, or one command line."""
    if entry.url is None:
        server = {"type": "stdio", **_process(entry, lambda name: f"${{{name}}}")}
    else:
        headers = _headers(entry, f"${{{entry.token_env}}}")
        server = {"type": "http", "url": entry.url, **headers}
    note = f"Or run: {claude_code_command(entry)}"
    return HostConfig({"mcpServers": {entry.name: server}}, ".mcp.json", (note,))


def claude_code_command(entry: HostEntry) -> str:
    """The command line that adds the server to Claude Code's `.mcp.json` of the project.

    References are quoted, so that Claude Code and not the shell reads the variables: the file
    gets the references, not the secrets.
    """
    if entry.url is None:
        # Not right before the name, which --env would take for one more variable.
        env = "".join(f"--env '{name}=${{{name}}}' " for name in entry.env)
        return f"claude mcp add {env}--scope project {entry.name} -- {shlex.join(entry.command)}"
    line = f"claude mcp add --transport http --scope project {entry.name} {shlex.quote(entry.url)}"
    if entry.token_env is None:
        return line
    return f"{line} --header 'Authorization: Bearer ${{{entry.token_env}}}'"


def claude_desktop(entry: HostEntry) -> HostConfig:
    """`claude_desktop_config.json`, which only knows processes."""
    if entry.url is not None:
        raise ConfigError(
            "Claude Desktop starts servers itself: give it a command, such as "
            '"stdio:toolyard serve calculator --stdio". For a URL, add a custom connector in its '
            "settings."
        )
    if entry.env:
        raise ConfigError(
            "Claude Desktop cannot refer to a variable: instead of --env, give it a script of "
            "yours as the command, which sets the variable and starts the server."
        )
    block = {"mcpServers": {entry.name: _process(entry, str)}}  # it has no variables
    return HostConfig(block, "claude_desktop_config.json", ("Restart Claude Desktop afterwards.",))


def cursor(entry: HostEntry) -> HostConfig:
    """`.cursor/mcp.json`, and a link that installs the same."""
    if entry.url is None:
        server = _process(entry, lambda name: f"${{env:{name}}}")
    else:
        server = {"url": entry.url, **_headers(entry, f"${{env:{entry.token_env}}}")}
    encoded = quote(b64encode(json.dumps(server).encode()).decode(), safe="")
    link = f"cursor://anysphere.cursor-deeplink/mcp/install?name={entry.name}&config={encoded}"
    return HostConfig(
        {"mcpServers": {entry.name: server}}, ".cursor/mcp.json", (f"Or open: {link}",)
    )


def vscode(entry: HostEntry) -> HostConfig:
    """`.vscode/mcp.json`; the editor asks for each secret once and keeps it safe."""
    token = f"{entry.name}-token"
    if entry.url is None:
        server = {
            "type": "stdio",
            **_process(entry, lambda name: f"${{input:{entry.name}-{name}}}"),
        }
    else:
        server = {"type": "http", "url": entry.url, **_headers(entry, f"${{input:{token}}}")}
    asked = [_asked(f"{entry.name}-{name}", f"{name} of {entry.name}") for name in entry.env]
    if entry.url is not None and entry.token_env is not None:
        asked.append(_asked(token, f"Bearer token of {entry.name}"))
    block: dict[str, Any] = {"servers": {entry.name: server}}
    return HostConfig({**block, "inputs": asked} if asked else block, ".vscode/mcp.json")


def _asked(key: str, description: str) -> dict[str, Any]:
    """What VS Code asks for, as `${input:KEY}`."""
    return {"type": "promptString", "id": key, "description": description, "password": True}


def server_json(entry: HostEntry) -> HostConfig:
    """`server.json` for the MCP registry."""
    if entry.url is None:
        raise ConfigError("server.json describes a server at a URL: give it the public address.")
    remote: dict[str, Any] = {"type": "streamable-http", "url": entry.url}
    if entry.token_env is not None:
        description = "Bearer TOKEN"
        header = {"name": "Authorization", "description": description}
        remote["headers"] = [{**header, "isRequired": True, "isSecret": True}]
    block = {
        "$schema": SERVER_SCHEMA,
        "name": f"io.github.YOUR-NAME/{entry.name}",
        "description": entry.description,
        "version": entry.version,
        "remotes": [remote],
    }
    notes = ("Replace YOUR-NAME, then publish it with mcp-publisher.",)
    return HostConfig(block, "server.json", notes)


HOSTS: Mapping[str, Callable[[HostEntry], HostConfig]] = {
    "claude-code": claude_code,
    "claude-desktop": claude_desktop,
    "cursor": cursor,
    "vscode": vscode,
    "server.json": server_json,
}


def host_config(host: str, entry: HostEntry) -> HostConfig:
    """The block for `host`; `ConfigError` names the hosts there are."""
    make = HOSTS.get(host)
    if make is None:
        raise ConfigError(f"There is no host {host!r}; there are {', '.join(HOSTS)}.")
    return make(entry)
