"""`toolyard tools` and `toolyard call`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Annotated

import anyio
import typer

from toolyard.cli.arguments import arguments_of, object_in
from toolyard.cli.examples import examples
from toolyard.cli.options import AsJson, ClientToken, NamesConfig, Target
from toolyard.cli.reporting import Reporter, show_result, show_tools, written_tool
from toolyard.cli.terminal import start_logging, write_json
from toolyard.core.context import CallContext
from toolyard.core.errors import ConfigError, InputRequired, ToolError
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import Tool, ToolCall, ToolResult

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
    start_logging(logging.WARNING, remarks=True)
    # Here and below: loaded when needed, so that help and usage errors need not wait for it.
    from toolyard.cli.approval import settings_for
    from toolyard.wiring.output import results_apart
    from toolyard.wiring.sources import target_of

    settings = settings_for(target, config)
    with results_apart():
        # Made before there is an event loop: a file of the user's may run one of its own.
        listed = anyio.run(_list, target_of(target, settings, token))
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
    start_logging(logging.WARNING, remarks=True)
    words = [_stdin()] if arguments == ["-"] else arguments or []
    from toolyard.cli.approval import settings_for
    from toolyard.wiring.output import results_apart
    from toolyard.wiring.sources import target_of

    settings = settings_for(target, config)
    with results_apart(), Reporter(tool) as reporter:
        answer = reporter.answer if sys.stdin.isatty() and not as_json else None
        source = target_of(target, settings, token, answer)
        result = anyio.run(_call, source, tool, words, reporter)
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


async def _list(source: ToolProtocol) -> Sequence[Tool]:
    from toolyard.wiring.calling import opened

    async with opened(source) as listed:
        return listed


async def _call(
    source: ToolProtocol, name: str, words: Sequence[str], reporter: Reporter
) -> ToolResult:
    from toolyard.wiring.calling import opened

    async with opened(source) as listed:
        known = next((tool for tool in listed if tool.name == name), None)
        wanted = ToolCall(name, arguments_of(words, known))
        try:
            return await source.call_tool(wanted, CallContext(channel=reporter))
        except InputRequired as error:
            raise ToolError(
                f"The tool asks for {', '.join(error.requests)} first: call it at a terminal, "
                "without --json, and answer."
            ) from error
