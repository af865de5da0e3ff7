"""`toolyard import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolyard.cli.examples import examples
from toolyard.cli.terminal import say, write, write_json
from toolyard.config.host_places import PLACES, usual_file

EXAMPLES = examples(
    "toolyard import .mcp.json",
    "toolyard import claude-desktop > toolyard.toml",
    "toolyard import cursor vscode --json",
)

Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE", help=f"A host's file, or a host to look for it: {', '.join(PLACES)}."
    ),
]
WithSecrets = Annotated[
    bool, typer.Option("--with-secrets", help="Write secrets and what variables hold, too.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Tables and what is missing as JSON.")]


def import_servers(
    sources: Sources, with_secrets: WithSecrets = False, as_json: AsJson = False
) -> None:
    """Print the servers of MCP hosts as tables for a toolyard.toml, without secrets."""
    from toolyard.config.exports import export_of, toml_of
    from toolyard.config.imports import host_file

    files = [host_file(_file(source)) for source in sources]
    export = export_of(files, with_secrets=with_secrets)
    if as_json:
        write_json(export.written())
    else:
        write(toml_of(export))
    names = ", ".join(file.name for file in files)
    say(f"Servers written from {names}: {len(export.tools)}.")


def _file(source: str) -> Path:
    return usual_file(source) if source in PLACES else Path(source)
