"""`toolyard doctor`."""

from __future__ import annotations

import logging
from typing import Annotated

import anyio
import typer

from toolyard.cli.calling import AsJson, Target, Token, secret
from toolyard.cli.terminal import ERR, OUT, printable, start_logging, write_json

MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failure": ("✗", "red")}

EXAMPLES = """
[bold]Examples[/bold]

  toolyard doctor http://127.0.0.1:8080/mcp --token s3cret
  toolyard doctor "stdio:toolyard serve my_tools.py --stdio"
""".replace("\n  ", "\n\n  ")


def doctor(
    target: Target,
    token: Token = None,
    as_json: AsJson = False,
    timeout: Annotated[float, typer.Option(help="Seconds for each check.")] = 10.0,
) -> None:
    """Do to a server what MCP hosts do, and say what they would find."""
    start_logging(logging.ERROR)
    failures = anyio.run(_examine, target, secret(token), as_json, timeout)
    if failures:
        raise typer.Exit(1)


async def _examine(target: str, token: str | None, as_json: bool, timeout_s: float) -> int:
    from toolyard.wiring.doctor import Finding, examine_target

    def show(finding: Finding) -> None:
        if not as_json:
            mark, style = MARKS[finding.verdict]
            OUT.print(f"{mark} ", style=style, end="", markup=False)
            OUT.print(printable(finding.text), markup=False, soft_wrap=True)

    findings = await examine_target(target, token, show, timeout_s)
    if as_json:
        write_json([finding.written() for finding in findings])
    failures = sum(finding.verdict == "failure" for finding in findings)
    warnings = sum(finding.verdict == "warning" for finding in findings)
    ERR.print(f"{len(findings)} findings: {failures} failures, {warnings} warnings.", style="dim")
    return failures
