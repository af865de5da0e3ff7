"""`toolyard serve` with all guards on, and what this version of it cannot be told yet."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.conversation import ERAS, Era
from benchmarks.environments import ROOT
from benchmarks.peers import ENVIRONMENT, TOOLYARD
from benchmarks.servers.options import NEVER_REACHED

TOOLYARD_COMMAND = (str(Path(sys.executable).with_name("toolyard")),)
GUARDS = ("--allow", "127.0.0.1", "--rate", NEVER_REACHED)
"""Beside the token: an address filter and a limit; metrics are always on."""
ADDING = str(ROOT / "benchmarks" / "servers" / "adding.py")
"""What offers `add`."""
STATELESS = ("--stateless",)
"""What it is told to keep no sessions in the legacy era."""
WORKERS = "--workers"
"""What it is told to serve with several processes, before their number."""

_HELP_S = 30


@dataclass(frozen=True)
class Serve:
    """`toolyard serve KIND` with `options`."""

    kind: str = ADDING
    options: Sequence[str] = ()
    name: str = TOOLYARD
    eras: Sequence[Era] = ERAS

    def command(self, port: int, token: str, tools: int) -> list[str]:
        """The command that starts it; how many tools there are is up to the kind."""
        del tools
        where = ("--port", str(port), "--token", token, "--quiet")
        return [*TOOLYARD_COMMAND, "serve", self.kind, *where, *GUARDS, *self.options]


def lacking(options: Sequence[str]) -> str | None:
    """Why `toolyard serve` cannot be told `options`, or None if it can."""
    unknown = [option for option in options if option[:2] == "--" and option not in _help()]
    return f"`toolyard serve` has no {unknown[0]} yet" if unknown else None


@cache
def _help() -> Sequence[str]:
    """The words of its help, every option among them."""
    # Wide enough that no option is broken in two.
    width = {"COLUMNS": "250", "TERM": "dumb", "NO_COLOR": "1"}
    shown = subprocess.run(
        [*TOOLYARD_COMMAND, "serve", "--help"],
        env={**ENVIRONMENT, **width},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_HELP_S,
        check=True,
    )
    return shown.stdout.split()
