"""`toolyard host-config`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from toolyard.cli.examples import examples
from toolyard.cli.terminal import say, write
from toolyard.config.hosts import DESCRIPTION, HOSTS, TOKEN_VARIABLE, VERSION, HostEntry
from toolyard.config.hosts import host_config as block_for
from toolyard.config.target import command_in
from toolyard.core.errors import ConfigError

EXAMPLES = examples(
    "toolyard host-config claude-code http://127.0.0.1:8080/mcp --name calculator",
    'toolyard host-config claude-desktop "stdio:toolyard serve mine.py --stdio"',
    'toolyard host-config cursor "stdio:npx -y some-server" --env SOME_API_KEY',
    "toolyard host-config vscode https://tools.example.com/mcp > .vscode/mcp.json",
)

Host = Annotated[str, typer.Argument(metavar="HOST", help=", ".join(HOSTS) + ".")]
Target = Annotated[str, typer.Argument(metavar="TARGET", help='A URL or "stdio:COMMAND ARGS".')]
Name = Annotated[str, typer.Option(metavar="NAME", help="How the host calls the server.")]
TokenEnv = Annotated[str, typer.Option(metavar="VARIABLE", help="Where the host finds the token.")]
Env = Annotated[
    list[str] | None,
    typer.Option(metavar="VARIABLE", help="A command needs it; the host knows it. Repeatable."),
]
Description = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help=f"For server.json: what it is for. \\[{DESCRIPTION}]"),
]
Version = Annotated[
    str | None,
    typer.Option(metavar="X.Y.Z", help=f"For server.json: the server's own. \\[{VERSION}]"),
]
NoToken = Annotated[bool, typer.Option("--no-token", help="The server asks for none.")]


def host_config(
    host: Host,
    target: Target,
    name: Name = "toolyard",
    token_env: TokenEnv = TOKEN_VARIABLE,
    no_token: NoToken = False,
    env: Env = None,
    description: Description = None,
    version: Version = None,
) -> None:
    """Print the block to paste into an MCP host; it refers to secrets and holds none."""
    said = {"description": description, "version": version}
    about = {option: text for option, text in said.items() if text is not None}
    if about and host != "server.json":
        raise ConfigError(f"--{' and --'.join(about)}: only server.json says that of a server.")
    command, variables = command_in(target), tuple(env or ())
    if command is not None:
        entry = HostEntry(name, command=_absolute(command), env=variables, **about)
    else:
        token = None if no_token else token_env
        entry = HostEntry(name, url=target, token_env=token, env=variables, **about)
    config = block_for(host, entry)
    write(config.text())
    say(f"Goes into {config.path}.")
    for note in config.notes:
        say(note)


def _absolute(command: Sequence[str]) -> Sequence[str]:
    """A host starts programs with another PATH and in another directory than yours."""
    words = [_found(word) for word in command[1:]]
    if command[0] == "toolyard":
        return [sys.executable, "-m", "toolyard", *words]
    return [str(Path(shutil.which(command[0]) or command[0]).absolute()), *words]


def _found(word: str) -> str:
    """`word` as an absolute path if it names a file that is here: `mine.py`, `mine.py:tools`."""
    path, colon, name = word.partition(":")
    return f"{Path(path).absolute()}{colon}{name}" if "." in path and Path(path).is_file() else word
