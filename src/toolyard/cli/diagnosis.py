"""`toolyard doctor`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated

import anyio
import typer
from rich.text import Text

from toolyard.cli.consoles import show
from toolyard.cli.examples import examples
from toolyard.cli.options import AsJson, ClientToken, NamesConfig, Target
from toolyard.cli.terminal import say, start_logging, write_json
from toolyard.core.printable import printable

if TYPE_CHECKING:  # help and usage errors need not wait for it
    from toolyard.config.settings import Settings

MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failure": ("✗", "red")}

EXAMPLES = examples(
    "toolyard doctor http://127.0.0.1:8080/mcp",
    'toolyard doctor "stdio:toolyard serve my_tools.py --stdio"',
)

LEAST_S, MOST_S = 0.1, 600.0


def _bearable(seconds: float) -> float:
    if not LEAST_S <= seconds <= MOST_S:
        raise typer.BadParameter(f"It takes {LEAST_S:g} to {MOST_S:g} seconds.")
    return seconds


Timeout = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        callback=_bearable,
        show_default=False,
        help="For each check, 0.1 to 600. \\[10]",
    ),
]


def doctor(
    target: Target,
    token: ClientToken = None,
    config: NamesConfig = None,
    as_json: AsJson = False,
    timeout: Timeout = 10.0,
) -> None:
    """Do to a server what MCP hosts do, and say what they would find."""
    start_logging(logging.ERROR)
    from toolyard.cli.approval import settings_for

    settings = settings_for(target, config)
    if anyio.run(_examine, target, token, settings, as_json, timeout):
        raise typer.Exit(1)


async def _examine(
    target: str, token: str | None, settings: Settings | None, as_json: bool, timeout_s: float
) -> int:
    """The number of failures."""
    from toolyard.wiring.doctor import Finding, examine_target

    def tell(finding: Finding) -> None:
        if not as_json:
            mark, style = MARKS[finding.verdict]
            show(Text.assemble((mark, style), f" {printable(finding.text)}"), soft_wrap=True)

    findings = await examine_target(target, token, tell, timeout_s, settings)
    if as_json:
        write_json([finding.written() for finding in findings])
    failures = sum(finding.verdict == "failure" for finding in findings)
    warnings = sum(finding.verdict == "warning" for finding in findings)
    say(f"{len(findings)} findings: {failures} failures, {warnings} warnings.")
    return failures
