"""What a turn of a chat looks like while it happens."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TextIO

from toolyard.cli.consoles import ERR, drawn
from toolyard.cli.standard_streams import put, to_stdout
from toolyard.cli.terminal import say
from toolyard.cli.tool_lines import show_news
from toolyard.cli.typing_lines import answer
from toolyard.core.printable import printable
from toolyard.wiring.chatting import News, Spoken, Thinking
from toolyard.wiring.permission import Permission

MOST_LETTERS = 5_000
"""Of the arguments that somebody is to decide about."""


class ChatScreen:
    """Shows what the model says on `answers`, and all else on standard error."""

    def __init__(self, answers: TextIO) -> None:
        self._answers = answers
        self._open: TextIO | None = None
        """Where a line is not at its end."""

    def show(self, news: News) -> None:
        """Show it, unless it is a permission, which is asked for."""
        if isinstance(news, Spoken):
            self._go_on(self._answers, printable(news.text))
        elif isinstance(news, Thinking):
            self._go_on(sys.stderr, printable(news.text), _dim)
        elif not isinstance(news, Permission):
            self.end_line()
            show_news(news)

    def asks(self, permission: Permission) -> str:
        """What is answered: y, n or a, mostly."""
        self.end_line()
        arguments = json.dumps(permission.arguments, ensure_ascii=False, indent=2, default=str)
        say(f"{permission.name} {arguments[:MOST_LETTERS]}", style="bold")
        if len(arguments) > MOST_LETTERS:
            say(f"... and {len(arguments) - MOST_LETTERS} more letters", style="red")
        return answer("Run it? [y]es, [n]o, [a]lways this tool: ")

    def end_line(self) -> None:
        """Begin a new line, if one is under way."""
        if self._open is not None:
            self._go_on(self._open, "\n")

    def _go_on(self, stream: TextIO, text: str, drawn_as: Callable[[str], str] = str) -> None:
        if self._open not in (None, stream):
            self.end_line()
        self._open = None if text.endswith("\n") else stream
        with to_stdout():
            put(stream, drawn_as(text))


def _dim(text: str) -> str:
    return drawn(ERR, text, style="dim", markup=False, soft_wrap=True, end="")
