"""What can be typed in a chat besides what the model is told."""

from __future__ import annotations

import re
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal
from rich.table import Table
from rich.text import Text

from toolyard.cli.asking import tell
from toolyard.cli.consoles import OUT, WIDE, show
from toolyard.cli.terminal import say, write
from toolyard.core.errors import ConfigError
from toolyard.core.printable import one_line
from toolyard.wiring.chatting import Chat

T = TypeVar("T")

COMMAND = re.compile(r"/[a-z]+(?=\s|$)")
HELP = {
    "/tools": "the tools that the model has now",
    "/swap MOUNT SOURCE": "another source of tools in place of a mount's: a kind, a URL, a file",
    "/usage": "what the session took so far",
    "/thoughts [N]": "the newest thoughts that were written down",
    "/clear": "forget what was said",
    "/help": "this",
    "/quit": "end; the session is kept",
}
MANY_THOUGHTS = 10


class ChatCommands:
    """Does the commands of a chat, which lives in the event loop of `portal`."""

    def __init__(self, portal: BlockingPortal, chat: Chat) -> None:
        self._portal = portal
        self._chat = chat
        self._commands: Mapping[str, Callable[[Sequence[str]], None]] = {
            "/tools": self._tools,
            "/swap": self._swap,
            "/usage": self._usage,
            "/thoughts": self._thoughts,
            "/clear": self._clear,
            "/help": self._help,
        }

    def do(self, line: str) -> None:
        """Do what a line says.

        Raises:
            ToolyardError: It cannot be done; the text says why.
        """
        try:
            name, *words = shlex.split(line)
        except ValueError:
            raise ConfigError("A quotation mark is never closed.") from None
        if name not in self._commands:
            raise ConfigError(
                f"There is no {name}; /help shows what there is. What begins with a space is "
                "told the model as it is."
            )
        self._commands[name](words)

    def _done(self, do: Callable[..., Awaitable[T]], *words: Any) -> T:
        """What comes of it; Ctrl+C ends it."""
        task = self._portal.start_task_soon(do, *words)
        try:
            return task.result()
        except KeyboardInterrupt:
            task.cancel()
            raise

    def _tools(self, words: Sequence[str]) -> None:
        del words
        tools = self._done(self._chat.tools)
        table = Table("Tool", "Mount", "What it does", box=None, pad_edge=False)
        for tool in tools:
            name = Text(one_line(tool.name), style="bold", overflow="fold")
            table.add_row(name, Text(one_line(tool.mount)), Text(one_line(tool.description)))
        if tools:
            show(table, console=OUT if OUT.is_terminal else WIDE)
        say(f"{len(tools)} tool{'' if len(tools) == 1 else 's'}.")

    def _swap(self, words: Sequence[str]) -> None:
        if not words:
            raise ConfigError("Say which mount, and what is to be there: /swap MOUNT SOURCE.")
        # Loaded here, as they need the schema of settings.
        from toolyard.cli.yard import table_in
        from toolyard.cli.yard_tables import told_of_swap
        from toolyard.wiring.yard_tools import said_of_tables

        mount, *source = words
        options = said_of_tables()["properties"]
        given: Mapping[str, Any] = table_in(source, options) if source else {}
        write(told_of_swap(mount, self._done(self._chat.swap, mount, given)))

    def _usage(self, words: Sequence[str]) -> None:
        del words
        turns = self._chat.turns
        say(f"{turns} turn{'' if turns == 1 else 's'} this time. The session so far:")
        tell(self._chat.took())

    def _thoughts(self, words: Sequence[str]) -> None:
        last = words[0] if words else str(MANY_THOUGHTS)
        if not (last.isascii() and last.isdigit()):
            raise ConfigError("Say how many: /thoughts 20.")
        lines = self._done(self._chat.thoughts, int(last[:9]))
        if lines is None:
            raise ConfigError("There is no chain of thoughts; begin the chat with --thoughts FILE.")
        for line in lines:
            write(one_line(line, 1_000))
        say(f"{len(lines)} thoughts.")

    def _clear(self, words: Sequence[str]) -> None:
        del words
        self._done(self._chat.clear)
        say("What was said is forgotten.")

    def _help(self, words: Sequence[str]) -> None:
        del words
        for command, what in HELP.items():
            write(f"{command:<20} {what}")
        say("Ctrl+C ends what the model is doing; at the prompt, the chat.")
