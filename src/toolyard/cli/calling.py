"""`toolyard tools` and `toolyard call`."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import anyio
import typer

from toolyard.cli.questions import ask_user
from toolyard.cli.reporting import Reporter, show_result, show_tools, written_tool
from toolyard.cli.terminal import start_logging, write_json
from toolyard.config.loading import load
from toolyard.config.settings import Settings
from toolyard.core.context import CallContext
from toolyard.core.errors import ConfigError
from toolyard.core.tool import Tool, ToolCall, ToolResult

TOOLS_EXAMPLES = """
[bold]Examples[/bold]

  toolyard tools http://127.0.0.1:8080/mcp --token s3cret
  toolyard tools "stdio:toolyard serve calculator --stdio" --json
""".replace("\n  ", "\n\n  ")

CALL_EXAMPLES = """
[bold]Examples[/bold]

  toolyard call http://127.0.0.1:8080/mcp calculator '{"expression": "mean([1, 2, 3])"}'
  toolyard call "stdio:toolyard serve calculator --stdio" calculator expression='2^10'
  echo '{"expression": "1+1"}' | toolyard call http://127.0.0.1:8080/mcp calculator -
""".replace("\n  ", "\n\n  ")

Target = Annotated[
    str,
    typer.Argument(metavar="TARGET", help='A URL, a configured name, or "stdio:COMMAND ARGS".'),
]
Token = Annotated[str | None, typer.Option(help="Bearer token. [env: TOOLYARD_TOKEN]")]
Config = Annotated[Path | None, typer.Option(help="Where names are configured.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


def tools(
    target: Target, token: Token = None, config: Config = None, as_json: AsJson = False
) -> None:
    """List the tools of a server."""
    start_logging(logging.WARNING)
    listed = anyio.run(_list, target, settings_in(config), secret(token))
    if as_json:
        write_json([written_tool(tool) for tool in listed])
    else:
        show_tools(listed)


def call(
    target: Target,
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="The tool's name.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[JSON | KEY=VALUE...]", help="A JSON object, - for stdin, or pairs."
        ),
    ] = None,
    token: Token = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Call a tool and print what it gives."""
    start_logging(logging.WARNING)
    result = anyio.run(
        _call, target, settings_in(config), secret(token), tool, arguments or [], as_json
    )
    show_result(result, as_json=as_json)
    if result.is_error:
        raise typer.Exit(1)


def settings_in(config: Path | None) -> Settings:
    """The configured names; from toolyard.toml if it is here."""
    default = Path("toolyard.toml")
    return load(config or (default if default.is_file() else None))


def secret(token: str | None) -> str | None:
    """The token to send."""
    return token or os.environ.get("TOOLYARD_TOKEN") or None


async def _list(target: str, settings: Settings, token: str | None) -> Sequence[Tool]:
    from toolyard.wiring.calling import opened

    async with opened(target, settings, token) as (_, listed):
        return listed


async def _call(
    target: str,
    settings: Settings,
    token: str | None,
    name: str,
    given: Sequence[str],
    as_json: bool,
) -> ToolResult:
    from toolyard.wiring.calling import opened

    answer = ask_user if sys.stdin.isatty() and not as_json else None
    async with opened(target, settings, token, answer) as (source, listed):
        known = next((tool for tool in listed if tool.name == name), None)
        arguments = arguments_of(given, known)
        with Reporter(name) as reporter:
            return await source.call_tool(ToolCall(name, arguments), CallContext(channel=reporter))


def arguments_of(given: Sequence[str], tool: Tool | None) -> Mapping[str, Any]:
    """What a command line says: one JSON object, `-` for stdin, or pairs.

    A pair's value is text where the tool's schema wants text, else JSON if it is JSON.

    Raises:
        ConfigError: It is none of these.
    """
    if len(given) == 1 and (given[0] == "-" or given[0].lstrip().startswith("{")):
        return _object(sys.stdin.read() if given[0] == "-" else given[0])
    properties: Mapping[str, Any] = {} if tool is None else tool.input_schema.get("properties", {})
    arguments: dict[str, Any] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(f"{pair!r} is neither a JSON object nor KEY=VALUE.")
        arguments[name] = _value(value, properties.get(name))
    return arguments


def _object(text: str) -> Mapping[str, Any]:
    try:
        parsed: object = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"The arguments are not valid JSON: {error}.") from None
    if not isinstance(parsed, dict):
        raise ConfigError('The arguments are a JSON object, such as {"expression": "1+1"}.')
    return parsed  # pyright: ignore[reportUnknownVariableType]


def _value(text: str, schema: object) -> Any:
    if isinstance(schema, dict) and schema.get("type") == "string":  # pyright: ignore[reportUnknownMemberType]
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
