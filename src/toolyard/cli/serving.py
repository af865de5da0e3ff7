"""`toolyard serve`."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from toolyard.cli import options
from toolyard.cli.banner import Banner, with_new_token
from toolyard.cli.terminal import start_logging
from toolyard.config.loading import load
from toolyard.config.settings import Settings
from toolyard.core.errors import ConfigError

DEFAULT_FILE = Path("toolyard.toml")

EXAMPLES = """
[bold]Examples[/bold]

  toolyard serve calculator
  toolyard serve calculator --port 8080 --token s3cret --allow 10.0.0.0/8 --allow 127.0.0.1
  toolyard serve my_tools.py --stdio
  toolyard serve my_tools.py:tools --new-token
  toolyard serve --config toolyard.toml
""".replace("\n  ", "\n\n  ")


def serve(
    context: typer.Context,
    kinds: options.Kinds = None,
    config: options.Config = None,
    name: options.Name = None,
    host: options.Host = None,
    port: options.Port = None,
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
    tls_cert: options.TlsCert = None,
    tls_key: options.TlsKey = None,
    option: options.Set = None,
    insecure: options.Insecure = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Serve tools over MCP, guarded, until stopped."""
    start_logging(logging.WARNING if quiet or stdio else logging.INFO)
    given: dict[str, Any] = {
        key: value for key, value in context.params.items() if key in Settings.model_fields
    }
    given["limits"] = _limits(limit or ())
    given["tls"] = _tls(tls_cert, tls_key)
    given["tools"] = _tools(kinds or (), option or ())
    settings = load(_file(config, kinds), {key: given[key] for key in given if _is(given[key])})
    secret = None
    if new_token:
        secret, settings = with_new_token(settings)
    _run(settings, Banner(settings, secret, as_json=as_json))


def _run(settings: Settings, banner: Banner) -> None:
    # Loaded here, so that help and usage errors need not wait for the servers' imports.
    from toolyard.wiring.serving import run

    run(settings, banner.show)


def _is(value: object) -> bool:
    """Whether an option was given at all; 0 was."""
    return bool(value) or (value == 0 and not isinstance(value, bool))


def _file(config: Path | None, kinds: Sequence[str] | None) -> Path | None:
    if config is None and not kinds and DEFAULT_FILE.is_file():
        return DEFAULT_FILE
    return config


def _limits(given: Sequence[str]) -> Mapping[str, str]:
    return dict(_pair(item, "--limit") for item in given)


def _tls(certfile: Path | None, keyfile: Path | None) -> Mapping[str, Path | None]:
    if certfile is None and keyfile is None:
        return {}
    return {"certfile": certfile, "keyfile": keyfile}


def _tools(kinds: Sequence[str], options: Sequence[str]) -> Mapping[str, Any]:
    """A `[tools.NAME]` for each KIND, named after it; `--set` fills its options."""
    tools: dict[str, dict[str, Any]] = {}
    for kind in kinds:
        name = Path(kind.partition(".py")[0]).name
        if name in tools:
            raise ConfigError(f"{kind!r} is given twice; use a file and prefixes for that.")
        tools[name] = {"kind": kind}
    for option in options:
        path, value = _pair(option, "--set")
        name, _, key = path.partition(".")
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
    except ValueError:
        return text
