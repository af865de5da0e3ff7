"""`toolyard yard`: what a running server serves is shown and changed."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import anyio
import typer

from toolyard.cli.arguments import arguments_of
from toolyard.cli.commands import Command, Group
from toolyard.cli.examples import examples
from toolyard.cli.options import AsJson, ClientToken
from toolyard.cli.terminal import say, start_logging, write, write_json
from toolyard.cli.yard_tables import show_health, show_mounts, told_of_swap
from toolyard.config.target import command_in, is_url
from toolyard.core.context import CallContext
from toolyard.core.errors import ConfigError, NotAdmitted
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import Tool, ToolCall

DEFAULT = "http://127.0.0.1:8080/mcp"
_PAIR = re.compile(r"[a-z_]+(\.[^=:]+)?=")

EXAMPLES = {
    "list": examples(
        "toolyard yard list", "toolyard yard list --server http://tools:8080/mcp --json"
    ),
    "health": examples("toolyard yard health", "toolyard yard health weather --json"),
    "add": examples(
        "toolyard yard add sums calculator",
        "toolyard yard add notes filesystem options.root=notes prefix=notes",
        "toolyard yard add far https://example.com/mcp token_env=FAR_TOKEN",
        'toolyard yard add git "stdio:uvx mcp-server-git" only=git_log,git_diff',
    ),
    "swap": examples(
        "toolyard yard swap mine",
        "toolyard yard swap far https://example.org/mcp --compatible",
        "toolyard yard swap notes options.read_only=true",
    ),
    "remove": examples("toolyard yard remove far --drain 60"),
    "enable": examples("toolyard yard enable far", "toolyard yard enable notes write_file"),
    "disable": examples("toolyard yard disable far", "toolyard yard disable notes write_file"),
    "drain": examples("toolyard yard drain far --drain 60"),
}

Server = Annotated[
    str,
    typer.Option(metavar="URL", help="The server."),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The mount's name.")]
AnyName = Annotated[str | None, typer.Argument(metavar="NAME", help="One mount; all if not said.")]
ToolName = Annotated[
    str | None,
    typer.Argument(metavar="TOOL", help="One of its tools; the whole mount if not said."),
]
Source = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE KEY=VALUE",
        help='A kind, a URL, path/to/file.py or "stdio:COMMAND ARGS", as the server sees it; and '
        "what else a table \\[tools.NAME] may say: prefix=x, options.root=notes.",
    ),
]
NewSource = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SOURCE KEY=VALUE",
        help="As for add, laid over what it is; made anew as it is if nothing is said.",
    ),
]
Drain = Annotated[
    float, typer.Option("--drain", metavar="SECONDS", help="How long its calls may go on.")
]
KeepPromises = Annotated[
    bool, typer.Option("--compatible", help="Refuse if tools go, or take less than before.")
]

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="See and change what a running server serves, one that was started with --control, with a "
    "token that has the scope admin.",
)


@app.command("list", cls=Command, epilog=EXAMPLES["list"])
def list_mounts(
    server: Server = DEFAULT,
    token: ClientToken = None,
    as_json: AsJson = False,
) -> None:
    """List the mounts: where their tools come from, and in what state they are."""
    answer = _do("list", {}, server, token)
    if as_json:
        write_json(answer)
    else:
        show_mounts(answer["mounts"])


@app.command("health", cls=Command, epilog=EXAMPLES["health"])
def health(
    name: AnyName = None,
    server: Server = DEFAULT,
    token: ClientToken = None,
    as_json: AsJson = False,
) -> None:
    """Tell how mounts are: state, since when, calls, errors, latency, last error."""
    answer = _do("health", {} if name is None else {"name": name}, server, token)
    if as_json:
        write_json(answer)
    else:
        show_health(answer["mounts"])


@app.command("add", cls=Command, epilog=EXAMPLES["add"])
def add(
    name: Name,
    source: Source,
    server: Server = DEFAULT,
    token: ClientToken = None,
    as_json: AsJson = False,
) -> None:
    """Mount a source of tools, until the server ends."""
    answer = _do("add", {"name": name}, server, token, words=source)
    _show_state(name, answer, as_json=as_json)


@app.command("swap", cls=Command, epilog=EXAMPLES["swap"])
def swap(
    name: Name,
    source: NewSource = None,
    compatible: KeepPromises = False,
    server: Server = DEFAULT,
    token: ClientToken = None,
    as_json: AsJson = False,
) -> None:
    """Have a new version take a mount's place; no call fails by it."""
    arguments = {"name": name, "may_break": not compatible}
    answer = _do("swap", arguments, server, token, words=source or ())
    if as_json:
        write_json(answer)
    else:
        write(told_of_swap(name, answer))


@app.command("remove", cls=Command, epilog=EXAMPLES["remove"])
def remove(
    name: Name,
    drain_s: Drain = 30.0,
    server: Server = DEFAULT,
    token: ClientToken = None,
    as_json: AsJson = False,
) -> None:
    """Take a mount away: its tools at once, its source when its calls are done."""
    answer = _do("remove", {"name": name, "drain_s": drain_s}, server, token)
    if as_json:
        write_json(answer)
    else:
        write(f"{name} is removed.")


@app.command("enable", cls=Command, epilog=EXAMPLES["enable"])
def enable(
    name: Name,
    tool: ToolName = None,
    server: Server = DEFAULT,
    token: ClientToken = None,
    as_json: AsJson = False,
) -> None:
    """Offer a mount again, or one of its tools."""
    answer = _do("enable", _named(name, tool), server, token)
    _show_state(name, answer, as_json=as_json)


@app.command("disable", cls=Command, epilog=EXAMPLES["disable"])
def disable(
    name: Name,
    tool: ToolName = None,
    server: Server = DEFAULT,
    token: ClientToken = None,
    as_json: AsJson = False,
) -> None:
    """Offer a mount no longer, or one of its tools; calls under way finish."""
    answer = _do("disable", _named(name, tool), server, token)
    _show_state(name, answer, as_json=as_json)


@app.command("drain", cls=Command, epilog=EXAMPLES["drain"])
def drain(
    name: Name,
    drain_s: Drain = 30.0,
    server: Server = DEFAULT,
    token: ClientToken = None,
    as_json: AsJson = False,
) -> None:
    """Disable a mount and wait for its calls."""
    answer = _do("drain", {"name": name, "drain_s": drain_s}, server, token)
    if as_json:
        write_json(answer)
    else:
        write(f"{name} is {answer['state']}; {answer['in_flight']} calls go on.")


def _named(name: str, tool: str | None) -> Mapping[str, Any]:
    return {"name": name} if tool is None else {"name": name, "tool": tool}


def _show_state(name: str, answer: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        write_json(answer)
        return
    write(f"{name} is {answer['state']}, with {answer['tools']} tools.")
    if answer.get("last_error") and answer["state"] not in ("ready", "disabled"):
        say(answer["last_error"], style="red")


def _do(
    command: str,
    arguments: Mapping[str, Any],
    server: str,
    token: str | None,
    *,
    words: Sequence[str] = (),
) -> Any:
    """What the server answers; the `words` say a table."""
    start_logging(logging.WARNING)
    from toolyard.wiring.sources import target_of

    return anyio.run(_ask, target_of(server, None, token), command, arguments, words)


async def _ask(
    source: ToolProtocol, command: str, arguments: Mapping[str, Any], words: Sequence[str]
) -> Any:
    from toolyard.wiring.calling import opened

    async with opened(source) as listed:
        tools = {tool.name: tool for tool in listed}
        if "yard_add" not in tools:
            raise NotAdmitted(
                "This server does not let you change what it serves: it has to be started with "
                "--control, and the token needs the scope admin."
            )
        options = tools["yard_add"].input_schema["properties"]["table"]["properties"]
        table = {"table": table_in(words, options)} if words else {}
        call = ToolCall(f"yard_{command}", {**arguments, **table})
        result = await source.call_tool(call, CallContext())
    if result.is_error:
        say(result.text, style="red")
        raise typer.Exit(1)
    return result.structured


def table_in(words: Sequence[str], options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The table that SOURCE and KEY=VALUE say; `options` are the schemas of what it may hold.

    Raises:
        ConfigError: A word is neither.
    """
    pairs = list(words)
    table = {} if _PAIR.match(pairs[0]) else dict(_source(pairs.pop(0)))
    for pair in pairs:
        key, equals, text = pair.partition("=")
        name, dot, inner = key.partition(".")
        if not equals or name not in options:
            raise ConfigError(f"{pair!r} is not KEY=VALUE; the keys are {', '.join(options)}.")
        if dot:
            table.setdefault(name, {})[inner] = arguments_of([f"value={text}"], None)["value"]
        else:
            table[name] = _value(text, options[name])
    return table


def _source(word: str) -> Mapping[str, Any]:
    command = command_in(word)
    if command is not None:
        return {"command": list(command)}
    return {"url": word} if is_url(word) else {"kind": word}


def _value(text: str, schema: Mapping[str, Any]) -> Any:
    wanted = Tool("", "", {"properties": {"value": schema}})
    value = arguments_of([f"value={text}"], wanted)["value"]
    is_listed = schema.get("type") == "array" and isinstance(value, str)
    return [part.strip() for part in value.split(",")] if is_listed else value
