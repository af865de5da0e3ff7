"""`toolyard token new`."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from toolyard.cli.appending import appending
from toolyard.cli.commands import Command, Group
from toolyard.cli.examples import examples
from toolyard.cli.terminal import say, write, write_json
from toolyard.core.errors import ConfigError

_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}

DEFAULT_NAME = "token"
DEFAULT_SCOPES = ("tool:*", "prompt:*", "resource:*")
"""Everything that is served; not the metrics, which are for whoever runs the server."""

EXAMPLES = examples(
    "toolyard token new",
    "toolyard token new --name laptop --scope 'tool:calculator'",
    "toolyard token new --name ops --scope '*' --expires 90d --append tokens.jsonl",
)

Name = Annotated[str, typer.Option(metavar="NAME", help="Who uses it; shown in logs.")]
Scope = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SCOPE",
        help="tool:NAME, tool:PREFIX*, metrics, or * for all; repeatable. "
        f"\\[{' '.join(DEFAULT_SCOPES)}]",
    ),
]
Expires = Annotated[str | None, typer.Option(metavar="TIME", help="30m, 12h, 90d, 4w.")]
Append = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Add the line to this token file.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Both as JSON.")]


app = typer.Typer(cls=Group, no_args_is_help=True, help="Make bearer tokens.")


@app.command("new", cls=Command, epilog=EXAMPLES)
def new(
    name: Name = DEFAULT_NAME,
    scope: Scope = None,
    expires: Expires = None,
    append: Append = None,
    as_json: AsJson = False,
) -> None:
    """Make a bearer token: the secret is shown once, the line is what the server keeps."""
    from toolyard.wiring.tokens import new_token

    until = None if expires is None else int(time.time()) + seconds_of(expires)
    scopes = scope or DEFAULT_SCOPES
    secret, line = new_token(name, scopes, until)
    told: Any = {"token": secret, "line": line} if as_json else secret
    if append is None:
        _show(told)
    else:
        with appending(append) as add:  # shown first: of a line without its secret nobody has use
            _show(told)
            add(line)
    if not as_json:
        say(f"Its name is {name}, and it may use {', '.join(scopes)}.")
        _explain(line, append)


def _show(told: Any) -> None:
    if isinstance(told, str):
        write(told)
    else:
        write_json(told)


def _explain(line: str, file: Path | None) -> None:
    if file is not None:
        say(f"Added to {file.name}. The token is shown only now.")
        return
    say("Give the token to its user; it is shown only now. Keep this line:")
    say(line, style="")


def seconds_of(text: str) -> int:
    """How long `90d` is."""
    match = re.fullmatch(r"([1-9][0-9]{0,5})([mhdw])", text)
    if match is None:
        raise ConfigError(f"{text!r} is not a duration such as 30m, 12h, 90d or 4w.")
    return int(match[1]) * _SECONDS[match[2]]
