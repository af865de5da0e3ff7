"""`toolyard token new`."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated

import typer

from toolyard.cli.terminal import ERR, write_json
from toolyard.core.errors import ConfigError

_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}

EXAMPLES = """
[bold]Examples[/bold]

  toolyard token new --name laptop --scope 'tool:calculator'
  toolyard token new --name ops --scope '*' --expires 90d --append tokens.jsonl
""".replace("\n  ", "\n\n  ")


def new(
    name: Annotated[str, typer.Option(help="Who uses it; shown in logs.")],
    scope: Annotated[
        list[str],
        typer.Option(help="tool:NAME, tool:PREFIX*, metrics, or * for all; may be repeated."),
    ],
    expires: Annotated[str | None, typer.Option(help="30m, 12h, 90d, 4w.")] = None,
    append: Annotated[Path | None, typer.Option(help="Add the line to this token file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Both as JSON.")] = False,
) -> None:
    """Make a bearer token: the secret is shown once, the line is what the server keeps."""
    from toolyard.wiring.tokens import new_token

    until = None if expires is None else int(time.time()) + seconds_of(expires)
    secret, line = new_token(name, scope, until)
    if append is not None:
        _append(append, line)
    if as_json:
        write_json({"token": secret, "line": line})
        return
    typer.echo(secret)
    if append is None:
        ERR.print("Give the token to its user; it is shown only now. Keep this line:", style="dim")
        typer.echo(line, err=True)
    else:
        ERR.print(f"Added to {append.name}. The token is shown only now.", style="dim")


def seconds_of(text: str) -> int:
    """How long `90d` is."""
    match = re.fullmatch(r"([1-9][0-9]{0,5})([mhdw])", text)
    if match is None:
        raise ConfigError(f"{text!r} is not a duration such as 30m, 12h, 90d or 4w.")
    return int(match[1]) * _SECONDS[match[2]]


def _append(path: Path, line: str) -> None:
    try:
        path.touch(mode=0o600)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    except OSError:
        raise ConfigError(f"The file {path.name!r} cannot be written.") from None
