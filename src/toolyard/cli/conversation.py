"""A chat from its first line to its last.

The main thread reads and draws, and another has the event loop: so neither keeps the other
waiting, and Ctrl+C interrupts the one that can begin anew.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, suppress
from queue import Empty, SimpleQueue

from anyio.from_thread import BlockingPortal, start_blocking_portal

from toolyard.cli.chat_commands import COMMAND, ChatCommands
from toolyard.cli.chat_screen import ChatScreen
from toolyard.cli.terminal import say
from toolyard.cli.typing_lines import next_line, remember
from toolyard.config.origin import Edition, Origin
from toolyard.core.errors import ToolyardError
from toolyard.core.worker_thread import busy_threads
from toolyard.wiring.chatting import Chat, ChatPlan, ChatYard, News, opened_chat
from toolyard.wiring.output import results_apart
from toolyard.wiring.permission import Permission

LOOK_S = 0.2
"""How often Ctrl+C is looked for: Python misses one that comes just before it begins to wait."""
END_S = 15.0
"""How long a turn that was interrupted may take to end."""
PROMPT = "> "
QUIT = "/quit"

Queue = SimpleQueue[News | None]
"""What happens in one turn; nothing more after `None`."""


class Heard:
    """What happens in the turn that is under way."""

    def __init__(self) -> None:
        self._queue = Queue()

    def begin(self) -> Queue:
        """Where it will be from now on: one that does not end must not disturb the next."""
        self._queue = Queue()
        return self._queue

    def put(self, news: News) -> None:
        """It happened."""
        self._queue.put(news)


def converse(plan: ChatPlan, found: tuple[Origin, Edition] | None) -> None:
    """Talk until the user ends it.

    Raises:
        ToolyardError: It cannot begin.
    """
    heard = Heard()
    with ExitStack() as stack:
        with results_apart():
            tools = ChatYard(found)
            portal = stack.enter_context(start_blocking_portal(name="toolyard chat"))
            opened = opened_chat(plan, tools, heard.put)
            chat = stack.enter_context(portal.wrap_async_context_manager(opened))
        for name, why in tools.away().items():
            say(f"{name} is not there: {why}", style="red")
        Conversation(portal, chat, heard).hold(plan)
    if busy_threads():
        from toolyard.wiring.serving import leave_blocked_threads  # rarely needed, and large

        leave_blocked_threads()


class Conversation:
    """Reads lines, and does what they say."""

    def __init__(self, portal: BlockingPortal, chat: Chat, heard: Heard) -> None:
        self._portal = portal
        self._chat = chat
        self._heard = heard
        self._commands = ChatCommands(portal, chat)
        self._always = set[str]()
        """The tools that may always run."""

    def hold(self, plan: ChatPlan) -> None:
        """Hold it until the user ends it."""
        said, count = self._chat.said, len(self._portal.call(self._chat.tools))
        remember(said)
        session = f"session {plan.session_id!r}, which {'goes on' if said else 'begins'}"
        say(
            f"{plan.asking.model_name} with {count} tools, {session}. "
            "/help shows what else can be typed."
        )
        while True:
            try:
                line = next_line(PROMPT)
            except (EOFError, KeyboardInterrupt):
                if sys.stdin.isatty():
                    say("")
                return
            if line.strip() == QUIT:
                return
            self._do(line)

    def _do(self, line: str) -> None:
        try:
            if COMMAND.match(line):
                self._commands.do(line)
            elif line.strip():
                self._turn(line.strip())
        except ToolyardError as error:
            say(str(error), style="red")
        except KeyboardInterrupt:
            say("\nInterrupted. Ctrl+C at the prompt ends the chat.")

    def _turn(self, text: str) -> None:
        with results_apart() as answers:
            screen, heard = ChatScreen(answers), self._heard.begin()
            turn = self._portal.start_task_soon(self._work, text, heard)
            try:
                while (news := next_of(heard)) is not None:
                    if isinstance(news, Permission):
                        self._decide(news, screen)
                    else:
                        screen.show(news)
            except BaseException:  # Ctrl+C above all: the turn ends before anything else is typed
                turn.cancel()
                _hear_out(heard)
                raise
            finally:
                screen.end_line()
        turn.result()

    async def _work(self, text: str, heard: Queue) -> None:
        try:
            await self._chat.turn(text)
        finally:
            heard.put(None)

    def _decide(self, permission: Permission, screen: ChatScreen) -> None:
        if not permission.is_open:
            return
        word = "y" if permission.name in self._always else screen.asks(permission)
        if word in ("a", "always"):
            self._always.add(permission.name)
        is_given = word in ("y", "yes", "a", "always")
        self._portal.call(lambda: permission.decide(is_given=is_given))


def next_of(heard: Queue) -> News | None:
    """What happens next; `KeyboardInterrupt` soon after Ctrl+C, whenever that comes."""
    while True:
        with suppress(Empty):
            return heard.get(timeout=LOOK_S)


def _hear_out(heard: Queue) -> None:
    """Wait until the turn has ended, and show nothing more of it."""
    try:
        while heard.get(timeout=END_S) is not None:
            pass
    except Empty:
        say("What was begun does not end yet.", style="red")
