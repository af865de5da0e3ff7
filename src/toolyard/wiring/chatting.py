"""A conversation with an agent that has the tools of the settings, and is kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anyio

from toolyard.agents.agent import Agent
from toolyard.agents.approval import AskPerson
from toolyard.agents.thought_tools import thought_tools
from toolyard.config.origin import Edition, Origin
from toolyard.config.settings import Settings
from toolyard.config.state import state_folder
from toolyard.core.background import Background
from toolyard.core.errors import ConfigError
from toolyard.events.log import log_event
from toolyard.llm.chat import ReasoningDelta, TextDelta
from toolyard.llm.chat_model import close
from toolyard.llm.session import LLMSession
from toolyard.llm.session_stores import FileSessions
from toolyard.thoughts.thought_chain import ThoughtChain
from toolyard.wiring.asking import Asking, Took
from toolyard.wiring.permission import AskForPermission, Permission
from toolyard.wiring.reloading import Reloading
from toolyard.wiring.tables import table_of
from toolyard.wiring.tool_asking import agent_of
from toolyard.wiring.tool_news import ToolNews, tool_bus
from toolyard.wiring.yard import Yard, yard_of

KEEP_S = 10.0
"""How long keeping the conversation may take, also when the turn was ended."""
THOUGHTS = "thoughts"
"""The mount of the tools that write down thoughts, and find them."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """The model said more."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """The model thought on."""

    text: str


News = Spoken | Thinking | ToolNews | Permission
"""What happens in a turn; a permission waits for its answer."""
Hear = Callable[[News], None]


@dataclass(frozen=True, slots=True)
class ChatTool:
    """A tool that the model has now."""

    name: str
    mount: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPlan:
    """What a chat is to be, as the command line says it."""

    asking: Asking
    session_id: str
    is_new: bool
    """Whether what is kept of the session is forgotten."""
    thoughts: Path | None
    asks_first: bool
    """Whether a person decides about tools that may change something."""


class ChatYard:
    """The tools of a chat; made before there is an event loop, as a file may run one of its own.

    Args:
        found: The settings and where they come from; without them there are no tools.

    Raises:
        ConfigError: A table cannot be used.
    """

    def __init__(self, found: tuple[Origin, Edition] | None) -> None:
        self._found = found
        self.yard = yard_of(Settings.model_validate({}) if found is None else found[1].settings)

    async def follow(self) -> None:
        """Have the tools be as the settings say, whenever they are edited."""
        if self._found is not None:
            await Reloading(*self._found, self.yard, log_event).run()

    def away(self) -> Mapping[str, str]:
        """The mounts that offer nothing now though they should, and why."""
        return {
            name: told.get("last_error") or told["state"]
            for name, told in self.yard.health().items()
            if told["state"] not in ("ready", "disabled")
        }


class Chat:
    """One conversation; `opened_chat` makes it, and all of it is used in one event loop."""

    def __init__(
        self, asking: Asking, agent: Agent, yard: Yard, keep: Callable[[], Any], hear: Hear
    ) -> None:
        self._asking = asking
        self._agent = agent
        self._yard = yard
        self._keep = keep
        self._hear = hear
        self.turns = 0
        """Those of this time, answered or not."""

    @property
    def said(self) -> Sequence[str]:
        """What the user said so far, and is remembered."""
        messages = self._agent.session.messages
        return [each.text for each in messages if each.role == "user" and each.text]

    async def turn(self, text: str) -> None:
        """Say something; all that happens until it is answered is told to `hear`.

        Raises:
            ModelError: There is no answer; what was done before is remembered.
            StoreError: It is not kept.
        """
        self.turns += 1
        try:
            async with aclosing(self._agent.stream(text)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, TextDelta):
                        self._hear(Spoken(piece.text))
                    elif isinstance(piece, ReasoningDelta):
                        self._hear(Thinking(piece.text))
        finally:  # also if it is cancelled: tools may have been run
            with anyio.move_on_after(KEEP_S, shield=True):
                await self._keep()

    async def clear(self) -> None:
        """Forget what was said."""
        self._agent.session.clear()
        await self._keep()

    async def tools(self) -> Sequence[ChatTool]:
        """The tools that the model has now."""
        mount_of = self._agent.registry.mount_of
        return [
            ChatTool(each.name, mount_of(each.name) or "", each.description)
            for each in await self._agent.list_tools()
        ]

    async def swap(self, mount: str, given: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
        """Have what `given` describes take the place of a mount's source; what changed by it.

        Raises:
            ToolyardError: As `Yard.swap`.
        """
        table = table_of(given, self._yard.tables.get(mount)) if given else None
        return asdict(await self._yard.swap(mount, table))

    def took(self) -> Took:
        """What the session took so far, also at other times."""
        return Took.of(self._asking, self._agent.session)

    async def thoughts(self, last: int) -> Sequence[str] | None:
        """The newest thoughts, the oldest of them first; `None` if there is no chain."""
        chain = self._agent.recipe.thoughts
        if chain is None:
            return None
        return [each.line for each in await chain.find(last=last)]


@asynccontextmanager
async def opened_chat(plan: ChatPlan, tools: ChatYard, hear: Hear) -> AsyncGenerator[Chat]:
    """A chat that goes on where it was left; its tools are there until the block ends.

    Raises:
        ToolyardError: The model cannot be asked, the session or the chain cannot be read, or a
            source cannot be started.
    """
    sessions = FileSessions(_sessions_folder())
    async with AsyncExitStack() as stack:
        model = plan.asking.opened()
        stack.push_async_callback(close, model)
        kept = None if plan.is_new else await sessions.load(plan.session_id, model)
        session = kept or plan.asking.session(model)
        if plan.asking.profile is not None:
            session.settings = plan.asking.settings
        chain = None
        if plan.thoughts is not None:
            chain = await stack.enter_async_context(ThoughtChain(plan.thoughts))
        await stack.enter_async_context(tools.yard.registry)
        agent = await _agent(plan, session, tools.yard, chain, hear)

        async def keep() -> None:
            await sessions.save(plan.session_id, session)

        background = await stack.enter_async_context(Background())
        background.start_soon(tools.follow)
        yield Chat(plan.asking, agent, tools.yard, keep, hear)


async def _agent(
    plan: ChatPlan, session: LLMSession, yard: Yard, chain: ThoughtChain | None, hear: Hear
) -> Agent:
    approve = AskPerson(AskForPermission(hear)) if plan.asks_first else None
    bus = tool_bus(hear)
    agent = agent_of(plan.asking, session, yard, bus, thoughts=chain, approve=approve)
    if chain is not None:
        await agent.add_protocol(THOUGHTS, thought_tools(agent))
    return agent


def _sessions_folder() -> Path:
    try:
        return state_folder() / "sessions"
    except FileNotFoundError:
        raise ConfigError("There is no home directory to keep the session in.") from None
