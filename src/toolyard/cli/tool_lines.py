"""How the tools that a model runs look at a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from toolyard.cli.terminal import say
from toolyard.core.printable import one_line
from toolyard.wiring.tool_news import ToolBegan, ToolNews

ARGUMENT_LETTERS, OUTCOME_LETTERS = 60, 80


def show_news(news: ToolNews) -> None:
    """A line when a tool is wanted, and one when it is done."""
    call = short_call(news.name, news.arguments)
    if isinstance(news, ToolBegan):
        say(f"→ {call}")
        return
    mark, style = ("✗", "red") if news.is_error else ("✓", "dim")
    outcome = one_line(" ".join(news.said.split()), OUTCOME_LETTERS)
    say(f"{mark} {call} {_duration(news.duration_s)}{outcome and f': {outcome}'}", style=style)


def short_call(name: str, arguments: Mapping[str, Any]) -> str:
    """A call in a few words."""
    said = " ".join(f"{key}={_value(value)}" for key, value in arguments.items())
    return f"{one_line(name)} {one_line(said, ARGUMENT_LETTERS)}".rstrip()


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
