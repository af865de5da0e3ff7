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
from toolyard.core.errors import ConfigError
from toolyard.core.printable import one_line

EXAMPLES = {
    "verify": examples(
        "toolyard thoughts verify thoughts.jsonl",
        "toolyard thoughts verify thoughts.jsonl --public-key yard.key.pub",
        "toolyard thoughts verify thoughts.jsonl --json",
    ),
    "key": examples("toolyard thoughts key yard.key"),
    "sign": examples(
        "toolyard thoughts sign thoughts.jsonl --key yard.key",
        "toolyard thoughts sign thoughts.jsonl --key yard.key --anchor-file kept.head",
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
AnchorFile = Annotated[
    Path | None,
    typer.Option(metavar="HEAD", help="Where the signed anchor is kept. \\[FILE.head]"),
]
PublicKey = Annotated[
    Path | None,
    typer.Option(metavar="PEM", help="Ask for an anchor that is signed by its private key."),
]
PrivateKey = Annotated[
    Path, typer.Option("--key", metavar="PEM", help="The private key, which only you can read.")
]
NewKey = Annotated[
    Path, typer.Argument(metavar="KEY", help="The new private key; KEY.pub is the public one.")
]
Last = Annotated[int | None, typer.Option(metavar="N", min=0, help="Only the newest.")]
Kind = Annotated[str | None, typer.Option(metavar="KIND", help="finding, decision, ...")]
Agent = Annotated[str | None, typer.Option(metavar="ID", help="Only those of this agent.")]
Part = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Only those that hold this, in either case.")
]

app = typer.Typer(cls=Group, no_args_is_help=True, help="Look at what agents thought.")


@app.command("verify", cls=Command, epilog=EXAMPLES["verify"])
def verify(
    file: File,
    anchor: Anchor = None,
    public_key: PublicKey = None,
    anchor_file: AnchorFile = None,
    as_json: AsJson = False,
) -> None:
    """Read a whole chain, and name the first thought that was changed, put in or taken away."""
    from toolyard.wiring import thoughts

    if anchor is not None and (public_key or anchor_file):
        raise ConfigError("Give an --anchor, or the --public-key of one that is signed.")
    if anchor_file is not None and public_key is None:
        raise ConfigError("A signed anchor is verified with its --public-key.")
    known = None if anchor is None else thoughts.anchor_in(anchor)
    if public_key is None:
        verdict = anyio.run(thoughts.verify, file, known)
    else:
        verdict = anyio.run(thoughts.verify_signed, file, public_key, anchor_file)
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


@app.command("key", cls=Command, epilog=EXAMPLES["key"])
def key(private: NewKey, as_json: AsJson = False) -> None:
    """Make a pair of keys: the private one signs chains, the public one verifies that."""
    from toolyard.wiring import thoughts

    public = thoughts.new_keys(private)
    if as_json:
        write_json({"private": str(private), "public": str(public)})
        return
    write(str(public))
    say(f"Keep {private.name} from whoever writes to the chains; give {public.name} to anyone.")


@app.command("sign", cls=Command, epilog=EXAMPLES["sign"])
def sign(
    file: File, private_key: PrivateKey, anchor_file: AnchorFile = None, as_json: AsJson = False
) -> None:
    """Sign what a chain ends with now: whoever has the public key can tell if it is cut later."""
    from toolyard.wiring import thoughts

    signed = anyio.run(thoughts.sign, file, private_key, anchor_file)
    kept = anchor_file or thoughts.head_file(file)
    if as_json:
        head = f"{signed.head.records}:{signed.head.hash}"
        write_json({"head": head, "signature": signed.signature.hex(), "file": str(kept)})
        return
    write(signed.line)
    say(f"{signed.head.records} thoughts are signed in {kept.name}.")


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
