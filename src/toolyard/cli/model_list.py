"""`toolyard models`."""

from __future__ import annotations

from dataclasses import asdict

from toolyard.cli.examples import examples
from toolyard.cli.options import AsJson
from toolyard.cli.terminal import say, write_json

EXAMPLES = examples("toolyard models", "toolyard models --json")


def models(as_json: AsJson = False) -> None:
    """List the providers of models, and what keeps you from asking them."""
    from toolyard.wiring.models import providers

    found = providers()
    if as_json:
        write_json([asdict(each) for each in found])
        return
    from rich.table import Table
    from rich.text import Text

    from toolyard.cli.consoles import OUT, WIDE, show

    table = Table("Provider", "Ready", "What is missing", "Example", box=None, pad_edge=False)
    for each in found:
        ready = Text("yes", style="green") if each.is_ready else Text("no", style="dim")
        missing, example = Text(each.missing or ""), Text(each.example)  # neither is markup
        table.add_row(Text(each.name, style="bold"), ready, missing, example)
    show(table, console=OUT if OUT.is_terminal else WIDE)
    ready = sum(each.is_ready for each in found)
    say(f"{ready} of {len(found)} can be asked. echo needs no key, and says what it hears.")
