"""`toolyard tools` and `toolyard call`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from toolyard.cli.arguments import arguments_of, object_in
from toolyard.cli.examples import examples
from toolyard.cli.options import AsJson, ClientToken, NamesConfig, Target
from toolyard.cli.reporting import Reporter, show_result, show_tools, written_tool
from toolyard.cli.terminal import start_logging, write_json
from toolyard.core.context import CallContext
from toolyard.core.errors import ConfigError, InputRequired, ToolError
from toolyard.core.tool import Tool, ToolCall, ToolResult

if TYPE_CHECKING:  # help and usage errors need not wait for it
    from toolyard.config.settings import Settings

TOOLS_EXAMPLES = examples(
    "toolyard tools http://127.0.0.1:8080/mcp",
    'toolyard tools "stdio:toolyard serve calculator --stdio" --json',
)
CALL_EXAMPLES = examples(
    "toolyard call http://127.0.0.1:8080/mcp calculator expression='2^10'",
    'toolyard call http://127.0.0.1:8080/mcp calculator \'{"expression": "1+1"}\'',
    'toolyard call "stdio:toolyard serve my_tools.py --stdio" add a=2 b=40',
    "toolyard call http://127.0.0.1:8080/mcp calculator - < arguments.json",
)

Name = Annotated[str, typer.Argument(metavar="TOOL", help="The tool's name.")]
Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="JSON | KEY=VALUE", help="A JSON object, - for stdin, or pairs."),
]


def tools(
    target: Target, token: ClientToken = None, config: NamesConfig = None, as_json: AsJson = False
) -> None:
    """List the tools of a server."""
    start_logging(logging.WARNING)
    # Here and below: loaded when needed, so that help and usage errors need not wait for it.
    from toolyard.cli.approval import settings_for

    listed = anyio.run(_list, target, settings_for(target, config), token)
    if as_json:
        write_json([written_tool(tool) for tool in listed])
    else:
        show_tools(listed)


def call(
    target: Target,
    tool: Name,
    arguments: Words = None,
    token: ClientToken = None,
    config: NamesConfig = None,
    as_json: AsJson = False,
) -> None:
    """Call a tool and print what it gives."""
    start_logging(logging.WARNING)
    words = [_stdin()] if arguments == ["-"] else arguments or []
    from toolyard.cli.approval import settings_for

    settings = settings_for(target, config)
    result = anyio.run(_call, target, settings, token, tool, words, as_json)
    show_result(result, as_json=as_json)
    if result.is_error:
        raise typer.Exit(1)


def _stdin() -> str:
    try:
        text = sys.stdin.read()
    except UnicodeDecodeError:
        raise ConfigError("The arguments on standard input are not UTF-8 text.") from None
    object_in(text)  # pairs are for the command line
    return text


async def _list(target: str, settings: Settings | None, token: str | None) -> Sequence[Tool]:
    from toolyard.wiring.calling import opened

    async with opened(target, settings, token) as (_, listed):
        return listed


async def _call(
    target: str,
    settings: Settings | None,
    token: str | None,
    name: str,
    words: Sequence[str],
    as_json: bool,
) -> ToolResult:
    from toolyard.wiring.calling import opened

    with Reporter(name) as reporter:
        answer = reporter.answer if sys.stdin.isatty() and not as_json else None
        async with opened(target, settings, token, answer) as (source, listed):
            known = next((tool for tool in listed if tool.name == name), None)
            wanted = ToolCall(name, arguments_of(words, known))
            try:
                return await source.call_tool(wanted, CallContext(channel=reporter))
            except InputRequired as error:
                raise ToolError(
                    f"The tool asks for {', '.join(error.requests)} first: call it at a terminal, "
                    "without --json, and answer."
                ) from error
