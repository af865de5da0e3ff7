"""Shows people at a terminal what agents do, as they do it."""

from __future__ import annotations

import sys
import time
import weakref
from collections.abc import Callable
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from toolyard.core.context import Event
from toolyard.events.agent_lines import AgentLine, agent_line
from toolyard.events.orchestration_lines import orchestration_line
from toolyard.events.running_agents import RunningAgents

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

MOST_LINES = 10
"""How many running agents are shown at once."""
REFRESHES_PER_S = 8


class ConsoleSink:
    """Writes a line for each step that is done; below them, on a terminal, who does what now.

    An event handler for the events of any number of agents. Where the stream is no terminal,
    there are lines only. Nothing that a model or a tool says can steer the terminal. It need not
    be closed: nothing of it is left on the screen once no agent runs.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        """As described; `stream` is standard error, as standard output is for results."""
        from rich.console import Console

        self._turn = Lock()
        self._agents = RunningAgents()
        self._screen = _Screen(
            Console(file=stream or sys.stderr, highlight=False, emoji=False), self._agents
        )
        # Or a process that ends in the middle of a run leaves a terminal without a cursor.
        self._closing = weakref.finalize(self, self._screen.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Show nothing live any more; lines are still written."""
        with self._turn:
            self._closing()

    def __call__(self, event: Event) -> None:
        """Show `event`, if there is something to see."""
        line = agent_line(event) or orchestration_line(event)
        with self._turn:
            self._agents(event)
            if line is not None:
                self._screen.write(line)
            self._screen.adjust()


class _Screen:
    """What is on the terminal."""

    def __init__(self, console: Console, agents: RunningAgents) -> None:
        self._console = console
        self._agents = agents
        self._live: Live | None = None
        self._is_closed = not console.is_terminal or console.is_dumb_terminal

    def write(self, line: AgentLine) -> None:
        self._console.print(_drawn(line), soft_wrap=True)

    def adjust(self) -> None:
        """Show what is under way, if anything is."""
        if self._agents.runs() and not self._is_closed:
            self._start()
        else:
            self._stop()

    def close(self) -> None:
        self._is_closed = True
        self._stop()

    def _start(self) -> None:
        if self._live is not None:
            return
        from rich.live import Live

        # What others print goes above it, but never from a file that is no terminal to one.
        self._live = Live(
            console=self._console,
            get_renderable=_drawer(self._agents),
            refresh_per_second=REFRESHES_PER_S,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),
            redirect_stderr=sys.stderr.isatty(),
        )
        self._live.start()

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()


def _drawn(line: AgentLine) -> Text:
    from rich.text import Text

    return Text.assemble((line.mark, line.style), " ", (line.agent, "bold"), "  ", _told(line))


def _told(line: AgentLine) -> tuple[str, str]:
    """What has gone wrong is coloured as a whole."""
    return line.text, line.style if line.mark in "✗!" else ""


def _drawer(agents: RunningAgents) -> Callable[[], Group]:
    """What draws the live lines; called in a thread of rich's."""
    from rich.console import Group
    from rich.spinner import Spinner
    from rich.text import Text

    spinner = Spinner("dots")

    def drawn() -> Group:
        runs = agents.runs()
        turns = int(time.monotonic() * 1000 / spinner.interval)
        frame = spinner.frames[turns % len(spinner.frames)]
        lines = [
            Text.assemble((f"{frame} ", "cyan"), each.text(), no_wrap=True, overflow="ellipsis")
            for each in runs[:MOST_LINES]
        ]
        if len(runs) > MOST_LINES:
            lines.append(Text(f"  and {len(runs) - MOST_LINES} more", "dim"))
        return Group(*lines)

    return drawn
