"""`toolyard thoughts`: what agents thought, and whether somebody changed it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import anyio
import typer

from toolyard.cli.commands import Command, Group
from toolyard.cli.examples import examples
from toolyard.cli.options import AsJson
from toolyard.cli.terminal import say, write, write_json
from toolyard.core.printable import one_line

EXAMPLES = {
    "verify": examples(
        "toolyard thoughts verify thoughts.jsonl",
        "toolyard thoughts verify thoughts.jsonl --json",
    ),
    "show": examples(
        "toolyard thoughts show thoughts.jsonl --last 20",
        "toolyard thoughts show thoughts.jsonl --kind decision --text train --json",
    ),
}

File = Annotated[Path, typer.Argument(metavar="FILE", help="The chain of thoughts.")]
Anchor = Annotated[
    str | None,
    typer.Option(
        metavar="COUNT:HASH", help="What it ended with before, kept elsewhere: shows a cut tail."
    ),
]
Last = Annotated[int | None, typer.Option(metavar="N", min=0, help="Only the newest.")]
Kind = Annotated[str | None, typer.Option(metavar="KIND", help="finding, decision, ...")]
Agent = Annotated[str | None, typer.Option(metavar="ID", help="Only those of this agent.")]
Part = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Only those that hold this, in either case.")
]

app = typer.Typer(cls=Group, no_args_is_help=True, help="Look at what agents thought.")


@app.command("verify", cls=Command, epilog=EXAMPLES["verify"])
def verify(file: File, anchor: Anchor = None, as_json: AsJson = False) -> None:
    """Read a whole chain, and name the first thought that was changed, put in or taken away."""
    from toolyard.wiring import thoughts

    known = None if anchor is None else thoughts.anchor_in(anchor)
    verdict = anyio.run(thoughts.verify, file, known)
    head = f"{verdict.head.records}:{verdict.head.hash}"
    if as_json:
        write_json({"head": head, "bad": verdict.bad, "torn_bytes": verdict.torn_bytes})
    elif verdict.bad is None:
        write(head)
        say(f"All {verdict.head.records} thoughts are as they were written down.")
    if verdict.bad is not None:
        say(f"{verdict.bad} The {verdict.head.records} before it are good.", style="red")
        raise typer.Exit(1)
    if verdict.torn_bytes:
        say(f"At the end are {verdict.torn_bytes} bytes of one that was never finished.")


@app.command("show", cls=Command, epilog=EXAMPLES["show"])
def show(
    file: File,
    last: Last = None,
    kind: Kind = None,
    agent: Agent = None,
    text: Part = None,
    as_json: AsJson = False,
) -> None:
    """Print thoughts, the oldest first; each is verified as it is read."""
    from toolyard.wiring import thoughts

    ask = partial(thoughts.show, file, kind=kind, agent=agent, text=text, last=last)
    found = anyio.run(ask)
    if as_json:
        write_json([thoughts.written(thought) for thought in found])
        return
    for thought in found:
        write(f"{thought.at:%Y-%m-%d %H:%M:%S}  {one_line(thought.line, 1_000)}")
    say(f"{len(found)} thoughts.")
