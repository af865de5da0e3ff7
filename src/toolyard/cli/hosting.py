"""`toolyard host-config`."""

from __future__ import annotations

import shlex
import shutil
import sys
from typing import Annotated

import typer

from toolyard.cli.terminal import ERR
from toolyard.config.hosts import HOSTS, HostEntry
from toolyard.config.hosts import host_config as block_for

STDIO = "stdio:"
TOKEN_VARIABLE = "TOOLYARD_TOKEN"  # noqa: S105 (a variable's name)

EXAMPLES = """
[bold]Examples[/bold]

  toolyard host-config claude-code http://127.0.0.1:8080/mcp --name calculator
  toolyard host-config claude-desktop "stdio:toolyard serve my_tools.py --stdio" --name mine
  toolyard host-config vscode https://tools.example.com/mcp > .vscode/mcp.json
""".replace("\n  ", "\n\n  ")


def host_config(
    host: Annotated[str, typer.Argument(metavar="HOST", help=", ".join(HOSTS))],
    target: Annotated[str, typer.Argument(metavar="TARGET", help='A URL or "stdio:COMMAND ARGS".')],
    name: Annotated[str, typer.Option(help="How the host calls the server.")] = "toolyard",
    token_env: Annotated[
        str, typer.Option(help="The variable that holds the token.")
    ] = TOKEN_VARIABLE,
    no_token: Annotated[bool, typer.Option("--no-token", help="The server asks for none.")] = False,
) -> None:
    """Print the block to paste into an MCP host; secrets are references, never literals."""
    if target.startswith(STDIO):
        command = _absolute(shlex.split(target.removeprefix(STDIO)))
        entry = HostEntry(name, command=command)
    else:
        entry = HostEntry(name, url=target, token_env=None if no_token else token_env)
    config = block_for(host, entry)
    typer.echo(config.text())
    ERR.print(f"Goes into {config.path}.", style="dim", markup=False)
    for note in config.notes:
        ERR.print(note, style="dim", markup=False, soft_wrap=True)


def _absolute(command: list[str]) -> list[str]:
    """A host starts programs with another PATH than yours."""
    if command[:1] == ["toolyard"]:
        return [sys.executable, "-m", "toolyard", *command[1:]]
    return [shutil.which(command[0]) or command[0], *command[1:]] if command else command
