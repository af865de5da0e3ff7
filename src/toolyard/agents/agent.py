"""An agent: a model that works on tasks with tools, and remembers what was said."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, cast, overload

import anyio

from toolyard.agents.agent_tool import agent_tool
from toolyard.agents.approval import Approve
from toolyard.agents.context.strategy import ContextStrategy
from toolyard.agents.context.trim import Trim
from toolyard.agents.forms.form import ToolForm
from toolyard.agents.forms.native import NativeTools
from toolyard.agents.held import refuse_held
from toolyard.agents.identity import Identity
from toolyard.agents.limits import AgentLimits
from toolyard.agents.offered import Offered, registry_of
from toolyard.agents.own_thoughts import OwnThoughts
from toolyard.agents.recipe import Recipe
from toolyard.agents.run import Run, shape_of
from toolyard.agents.run_result import RunPiece, RunResult
from toolyard.agents.telling import Telling, bus_of
from toolyard.agents.tool_round import ToolAccess
from toolyard.core.context import CallContext, Caller, EventHandler
from toolyard.core.errors import ConfigError, StoreError
from toolyard.core.one_at_a_time import OneAtATime
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import Tool
from toolyard.events.agent_events import (
    Forked,
    ForkedWithContext,
    MessageReceived,
    ProtocolAdded,
    ProtocolRemoved,
    SystemPromptSet,
)
from toolyard.events.bus import EventBus
from toolyard.llm.budget import Budget, BudgetLimits
from toolyard.llm.chat_model import ChatModel, close
from toolyard.llm.message import Message
from toolyard.llm.models import chat_model
from toolyard.llm.session import LLMSession, Said
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.thoughts.thought import Thought, ThoughtKind
from toolyard.thoughts.thought_chain import ThoughtChain

T = TypeVar("T")

_NATIVE, _TRIM, _LIMITS = NativeTools(), Trim(), AgentLimits()
"""What an agent has if nothing else is given; they hold nothing, so all may share them."""


class Agent:
    """Works on what it is told: it asks its model, runs the tools that the model wants, answers.

    `send` and `stream` go on with its one conversation, one after the other; `run` and `generate`
    begin a new one each time, and any number of them may be under way at once.

    An agent that was given sources of tools, or a model by name, is entered before it is used
    and left when it is no longer needed. What else it was given is its owner's to enter and close.

    Args:
        name: What it is called, by itself and others.
        model: Who answers, or its name as in `chat_model`.
        system_prompt: What it is to do, after who it is.
        tools: A registry, which may be shared with other agents and changed at any time; or
            sources and functions for a registry of its own, best with names, by which they are
            swapped.
        agent_id: By which programs know it, and its thoughts; the name if not given.
        expertise: What it knows and can do.
        personality: How it goes about things.
        metadata: What else its owner wants to know of it; the model never sees it.
        session: A conversation to go on with, such as one that was saved. Its model and its
            system prompt are set to those of the agent.
        thoughts: Where it writes down what it thought; entered by whoever made it.
        context: What to do when the conversation grows too long; `Trim` if not given.
        form: How the model asks for tools; `NativeTools` if not given.
        budget: What it may use: limits for each run by itself, or a budget for all runs
            together, which others may share.
        limits: How far each run may go.
        approve: Decides about each tool before it is run; all are run if not given.
        caller: As whom it calls tools; policies and remote sources see it.
        on_event: Hears of everything it does, in a thread of its own, so that it may be slow;
            or a bus, whose handlers are called at once.

    Raises:
        ConfigError: There is no model of that name.
        InvalidTool: A function cannot be offered as it is written.
    """

    def __init__(
        self,
        name: str,
        model: ChatModel | str,
        *,
        system_prompt: str = "",
        tools: ToolRegistry | Mapping[str, Offered] | Sequence[Offered] = (),
        agent_id: str | None = None,
        expertise: str = "",
        personality: str = "",
        metadata: Mapping[str, Any] | None = None,
        session: LLMSession | None = None,
        thoughts: ThoughtChain | None = None,
        context: ContextStrategy | None = None,
        form: ToolForm | None = None,
        budget: Budget | BudgetLimits | None = None,
        limits: AgentLimits | None = None,
        approve: Approve | None = None,
        caller: Caller | None = None,
        on_event: EventHandler | EventBus | None = None,
    ) -> None:
        self._closes = chat_model(model) if isinstance(model, str) else None
        asked = cast("ChatModel", self._closes or model)
        self._own = None if isinstance(tools, ToolRegistry) else registry_of(tools)
        registry = tools if isinstance(tools, ToolRegistry) else cast("ToolRegistry", self._own)
        who = Identity(
            id=agent_id or name,
            name=name,
            expertise=expertise,
            personality=personality,
            metadata=dict(metadata or {}),
        )
        acts_as = caller or Caller(name=f"agent:{who.id}")
        self._recipe = Recipe(
            identity=who,
            model=asked,
            system_prompt=system_prompt,
            tools=ToolAccess(registry, limits or _LIMITS, approve, CallContext(acts_as)),
            form=form or _NATIVE,
            context=context or _TRIM,
            thoughts=thoughts,
            budget=budget,
            bus=bus_of(on_event),
        )
        self._begin(session or LLMSession(asked))

    def _begin(self, session: LLMSession) -> None:
        self.session = session
        """Its conversation: to be saved, or looked at. Only the agent itself says something."""
        self._turn = OneAtATime()
        self._inbox = list[str]()
        self._telling = Telling(self._recipe.bus, self._recipe.identity)

    async def __aenter__(self) -> Self:
        """Mount its sources; raises what they raise while starting."""
        if self._own is not None:
            await self._own.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._own is not None:
                await self._own.__aexit__(kind, error, traceback)
        finally:
            if self._closes is not None:
                with anyio.CancelScope(shield=True):
                    await close(self._closes)

    @property
    def recipe(self) -> Recipe:
        """What it is made of now."""
        return self._recipe

    @property
    def identity(self) -> Identity:
        """Who it is."""
        return self._recipe.identity

    @property
    def name(self) -> str:
        """What it is called."""
        return self._recipe.identity.name

    @property
    def registry(self) -> ToolRegistry:
        """Its tools."""
        return self._recipe.tools.registry

    @overload
    async def send(self, *said: Said) -> RunResult[str]: ...
    @overload
    async def send(self, *said: Said, output: type[T]) -> RunResult[T]: ...
    async def send(self, *said: Said, output: Any = None) -> RunResult[Any]:
        """Say something in its conversation, and what it answers once it has done its work.

        Args:
            said: Texts and pictures.
            output: What the answer must be: a type that pydantic knows, or a JSON Schema of an
                object; any text if not given.

        Raises:
            ModelError: There is no answer. What was done before is remembered; a task that
                nothing was done for is not.
            UnfitReply: No answer was of the type.
            ConfigError: It was not entered, or one of its own tools asks it, for which it waits.
            ValueError: Nothing is said.
        """
        refuse_held(self.session, self.name)
        async with self._turn:
            try:
                return await self._result(self.session, self._inbox, said, output)
            finally:
                self._hear_the_rest()

    async def stream(self, *said: Said, output: Any = None) -> AsyncGenerator[RunPiece, None]:
        """As `send`, piece by piece, the result as the last; closing it ends the run."""
        self._refuse_unentered()
        refuse_held(self.session, self.name)
        async with self._turn:
            run = Run(self._made_of, self.session, self._inbox, shape_of(output))
            try:
                async with aclosing(run.pieces(said)) as pieces:
                    async for piece in pieces:
                        yield piece
            finally:
                self._hear_the_rest()

    def _hear_the_rest(self) -> None:
        """Remember what was said to it since the last turn, before anything that is said later."""
        if self._inbox:
            self.session.tell(*self._inbox)
            self._inbox.clear()

    @overload
    async def run(self, *task: Said) -> RunResult[str]: ...
    @overload
    async def run(self, *task: Said, output: type[T]) -> RunResult[T]: ...
    async def run(self, *task: Said, output: Any = None) -> RunResult[Any]:
        """Do a task, knowing nothing of what was said before; as `send` otherwise."""
        return await self._result(self.session.fresh(), [], task, output)

    async def generate(
        self, *said: Said, system_prompt: str, history: Sequence[Message] = ()
    ) -> RunResult[str]:
        """As `run`, but for another system prompt, and after a given history.

        Args:
            said: Texts and pictures.
            system_prompt: What it is to do this time.
            history: What was said before.
        """
        session = self.session.fresh()
        session.messages = history
        other = replace(self._recipe, system_prompt=system_prompt)
        return await self._result(session, [], said, None, lambda: other)

    def _result(
        self,
        session: LLMSession,
        inbox: list[str],
        said: Sequence[Said],
        output: Any,
        recipe: Callable[[], Recipe] | None = None,
    ) -> Awaitable[RunResult[Any]]:
        self._refuse_unentered()
        return Run(recipe or self._made_of, session, inbox, shape_of(output)).result(said)

    def _made_of(self) -> Recipe:
        return self._recipe

    def _refuse_unentered(self) -> None:
        if self.registry.needs_entering:
            raise ConfigError(
                f"The tools of {self.name!r} are not there yet: use the agent, or the registry "
                "that it was given, in `async with`."
            )

    def fork(self, recipe: Recipe | None = None) -> Agent:
        """Another agent like this one, which knows nothing of what was said.

        It shares the registry, the thoughts and who hears of it, or is made by another `recipe`;
        it is not entered by itself.
        """
        self._telling.tell(Forked)
        return self._fork(self.session.fresh(), recipe or self._recipe)

    def fork_with_context(self) -> Agent:
        """As `fork`, but it knows all that was said."""
        self._telling.tell(ForkedWithContext)
        forked = self._fork(self.session.fork(), self._recipe)
        forked._inbox.extend(self._inbox)
        return forked

    def _fork(self, session: LLMSession, recipe: Recipe) -> Agent:
        forked = object.__new__(Agent)
        forked._closes = forked._own = None
        forked._recipe = recipe
        forked._begin(session)
        return forked

    def receive_message(self, text: str, *, role: Literal["user", "assistant"] = "user") -> None:
        """Have it hear something that it need not answer now; to be called in its event loop.

        During a run it is heard at the next turn, or after it if there is none any more, or only
        one to put an answer right.

        Args:
            text: What is said.
            role: `assistant` if it is to take it for its own words.

        Raises:
            ConfigError: It is to take something for its own words while it is at work.
        """
        is_at_work = self._turn.is_entered
        if role == "assistant":
            if is_at_work:
                raise ConfigError(f"{self.name!r} is at work and speaks for itself.")
            self.session.add_answer(text)
        elif is_at_work:
            self._inbox.append(text)
        else:
            self.session.tell(text)
        self._telling.tell(MessageReceived, role=role)

    def set_system_prompt(self, system_prompt: str) -> None:
        """Change what it is to do, from the next turn on."""
        self._recipe = replace(self._recipe, system_prompt=system_prompt)
        self._telling.tell(SystemPromptSet)

    def set_context(self, context: ContextStrategy) -> None:
        """Change what is done when the conversation grows too long, from the next turn on."""
        self._recipe = replace(self._recipe, context=context)

    async def list_tools(self) -> Sequence[Tool]:
        """The tools that it has now."""
        return await self.registry.list_tools(self._recipe.tools.context)

    async def add_protocol(
        self, name: str, source: ToolProtocol, *, prefix: str | None = None
    ) -> None:
        """Mount another source of tools, also in the middle of a run; as `ToolRegistry.add`."""
        await self.registry.add(name, source, prefix=prefix)
        self._telling.tell(ProtocolAdded, protocol_name=name)

    async def remove_protocol(self, name: str) -> None:
        """Take a source of tools away; as `ToolRegistry.remove`."""
        await self.registry.remove(name)
        self._telling.tell(ProtocolRemoved, protocol_name=name)

    async def commit(self, kind: ThoughtKind, text: str, *, refs: Sequence[int] = ()) -> Thought:
        """Write down a thought; it is on the disk when this returns.

        Raises:
            StoreError: It has no chain of thoughts, or as `ThoughtChain.append`.
        """
        return await self._own_thoughts.commit(kind, text, refs)

    async def resume(self, index: int | None = None) -> None:
        """Have it know a thought and all that it builds on, as if it had just thought it.

        Args:
            index: Which; its own latest if not given, and nothing happens if it has none.

        Raises:
            StoreError: It has no chain of thoughts, or there is no such thought.
        """
        thoughts = self._own_thoughts
        if index is None:
            latest = await thoughts.chain.find(agent_id=self.identity.id, last=1)
            if not latest:
                return
            index = latest[0].index
        self.receive_message(await thoughts.bootstrap_prompt(index))

    async def catch_up(self, count: int) -> None:
        """Have it know the last `count` thoughts of its chain, whoever had them.

        Raises:
            StoreError: It has no chain of thoughts.
        """
        if prompt := await self._own_thoughts.catch_up_prompt(count):
            self.receive_message(prompt)

    def as_tool(self, name: str | None = None, *, description: str | None = None) -> ToolProtocol:
        """It as a source with one tool, whose `task` it does as by `run`.

        Args:
            name: The tool's; its id if not given.
            description: For whoever chooses among tools; its expertise if not given.

        Raises:
            InvalidTool: The name or the description is not fit for hosts.
        """
        return agent_tool(self.identity, self.run, name=name, description=description)

    @property
    def _own_thoughts(self) -> OwnThoughts:
        if self._recipe.thoughts is None:
            raise StoreError(f"{self.name!r} has no chain of thoughts; give it one as `thoughts`.")
        return OwnThoughts(self._recipe.thoughts, self.identity.id, self._telling.committed)
