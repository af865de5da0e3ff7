"""`toolyard serve`."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from toolyard.cli import options
from toolyard.cli.examples import examples
from toolyard.cli.terminal import start_logging
from toolyard.core.errors import ConfigError

EXAMPLES = examples(
    "toolyard serve calculator",
    "toolyard serve calculator --new-token --allow 10.0.0.0/8 --allow 127.0.0.1",
    "toolyard serve filesystem --set filesystem.root=notes",
    "toolyard serve my_tools.py --stdio",
    "toolyard serve my_tools.py:tools --port 8080 --rate 600/min",
    "toolyard serve my_tools.py --workers 4",
    "toolyard serve --config toolyard.toml",
    "toolyard serve --config toolyard.toml --control --new-token",
    "toolyard serve my_tools.py --watch all",
    "toolyard serve --mcp-servers .mcp.json",
)


def serve(
    context: typer.Context,
    kinds: options.Kinds = None,
    config: options.Config = None,
    mcp_servers: options.McpServers = None,
    name: options.Name = None,
    host: options.Host = None,
    port: options.Port = None,
    workers: options.Workers = None,
    stdio: options.Stdio = False,
    token: options.Token = None,
    new_token: options.NewToken = False,
    token_file: options.TokenFile = None,
    allow: options.Allow = None,
    deny: options.Deny = None,
    trust_proxy: options.TrustProxy = None,
    proxy_header: options.ProxyHeader = None,
    allowed_hosts: options.AllowedHosts = None,
    allowed_origins: options.AllowedOrigins = None,
    rate: options.Rate = None,
    limit: options.Limit = None,
    instructions: options.Instructions = None,
    drain_s: options.Drain = None,
    stateless: options.Stateless = False,
    tls_cert: options.TlsCert = None,
    tls_key: options.TlsKey = None,
    option: options.Set = None,
    insecure: options.Insecure = False,
    control: options.Control = False,
    watch: options.Watch = None,
    as_json: options.UrlAsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Serve tools over MCP, guarded, until stopped."""
    start_logging(logging.WARNING if quiet or stdio else logging.INFO)
    arguments = arguments_in(context.params)  # all of the above, by name
    # Loaded here, so that help and usage errors need not wait for the servers' imports.
    from toolyard.cli.approval import edition_here
    from toolyard.cli.launch import launch
    from toolyard.config.origin import Origin

    if kinds:
        origin = Origin(config, arguments)
        edition = origin.read()
    else:
        origin, edition = edition_here(config, arguments)
    launch(origin, edition, new_token=new_token, as_json=as_json)


_COMBINED = frozenset(
    {"kinds", "config", "new_token", "limit", "tls_cert", "tls_key", "option", "as_json", "quiet"}
)
"""The parameters that are not settings of the same name."""


def arguments_in(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the parameters of `serve` say, as the settings name it.

    Raises:
        ConfigError: A pair is none, or two KINDs have one name.
    """
    given = {name: value for name, value in parameters.items() if name not in _COMBINED}
    given["limits"] = dict(_pair(item, "--limit") for item in parameters["limit"] or ())
    given["tls"] = _given({"certfile": parameters["tls_cert"], "keyfile": parameters["tls_key"]})
    given["tools"] = _tools(parameters["kinds"] or (), parameters["option"] or ())
    return _given(given)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was said at all; an empty text or a 0 was."""
    return {key: value for key, value in values.items() if value or _is_said(value)}


def _is_said(value: object) -> bool:
    return value is not False and value in ("", 0)


def _tools(kinds: Sequence[str], options: Sequence[str]) -> Mapping[str, Any]:
    """A `[tools.NAME]` for each KIND, named after it; `--set` fills its options."""
    tools: dict[str, dict[str, Any]] = {}
    for kind in kinds:
        name = Path(kind.partition(".py:")[0]).name.removesuffix(".py")
        if name in tools:
            raise ConfigError(f"Two KINDs are named {name!r}; give them names in a --config file.")
        tools[name] = {"kind": kind}
    for option in options:
        path, value = _pair(option, "--set")
        name, dot, key = path.rpartition(".")
        if not dot:
            raise ConfigError(f"--set takes KIND.OPTION=VALUE, not {option!r}.")
        tools.setdefault(name, {}).setdefault("options", {})[key] = _value(value)
    return tools


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ConfigError(f"{option} takes NAME=VALUE, not {text!r}.")
    return name, value


def _value(text: str) -> Any:
    """JSON where it is JSON, else the text as it stands."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
