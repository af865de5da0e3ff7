"""A team that is put together step by step, and may work in one way or another."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal, Self, cast

from toolyard.core.context import Event, EventHandler
from toolyard.core.errors import ConfigError, UnknownName
from toolyard.events.bus import EventBus
from toolyard.llm.session import Said
from toolyard.orchestration.member import Joining, Member, member_of
from toolyard.orchestration.modes import Mode, ParallelMode
from toolyard.orchestration.refusals import refuse_less
from toolyard.orchestration.texts.said import text_of
from toolyard.orchestration.workflow import Workflow, WorkflowOptions
from toolyard.orchestration.workflow_result import WorkflowResult
from toolyard.storage.journal.journal import Journal

SYSTEM_CONTEXT = (
    "You work in a team with other agents. Do your part, build on what the others said, and say "
    "where you think otherwise."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMessage:
    """Something that was said in an orchestration: by the user, or by one of its agents."""

    role: Literal["user", "assistant"]
    text: str
    agent_id: str | None = None
    """`None` if it was the user."""
    agent_name: str | None = None
    round: int = 0
    """From 1; 0 outside of any."""
    at: float = field(compare=False)
    """When, in seconds since 1970."""


class Orchestration:
    """Agents by their ids, and the mode in which they work together; `Parallel` at first.

    Each run begins anew: nobody knows of an earlier one. What was said in all of them is in
    `history`, for whoever wants to look at it.
    """

    def __init__(self, orchestration_id: str, name: str) -> None:
        """As described.

        Args:
            orchestration_id: By which programs know it.
            name: What it is called.
        """
        self.id = orchestration_id
        self.name = name
        self._agents = dict[str, Member]()
        self._mode: Mode = ParallelMode()
        self._options = WorkflowOptions(
            id=orchestration_id, name=name, system_context=SYSTEM_CONTEXT
        )
        self._history = list[TeamMessage]()

    def with_mode(self, mode: Mode) -> Self:
        """Have the agents work together in that way from the next run on."""
        self._mode = mode
        return self

    def with_system_context(self, text: str) -> Self:
        """Tell each agent that of the team, after what it is to do itself."""
        self._options["system_context"] = text
        return self

    def with_max_tokens(self, count: int) -> Self:
        """Have the conversation of each agent hold so many tokens, 1 or more.

        Raises:
            ConfigError: It is less.
        """
        refuse_less(1, max_tokens=count)
        self._options["context_tokens"] = count
        return self

    def with_event_handler(self, on_event: EventHandler | EventBus) -> Self:
        """Have `on_event` hear of all that the team and its agents do, as every workflow has.

        Who hears of one of the agents hears of it as before.
        """
        self._options["on_event"] = on_event
        return self

    def with_options(self, options: WorkflowOptions) -> Self:
        """Set what else a workflow can be told, such as what is done when an agent fails."""
        self._options = cast("WorkflowOptions", {**self._options, **options})
        return self

    def add_agent(self, agent: Joining | Member) -> None:
        """Have `agent`, or whatever else may be a member, take part from the next run on.

        Raises:
            ConfigError: There is one of its id.
        """
        member = member_of(agent)
        if member.id in self._agents:
            raise ConfigError(f"There is an agent {member.id!r} already; give one another id.")
        self._agents[member.id] = member

    def remove_agent(self, agent_id: str) -> Joining:
        """Have it take part no longer, from the next run on; `UnknownName` if there is none."""
        agent = self.get_agent(agent_id)
        del self._agents[agent_id]
        return agent

    def get_agent(self, agent_id: str) -> Joining:
        """The agent of that id; `UnknownName` if there is none."""
        if agent_id not in self._agents:
            raise UnknownName("agent", agent_id)
        return self._agents[agent_id].does

    def list_agents(self) -> Sequence[str]:
        """The ids of all agents, in the order in which they were added."""
        return list(self._agents)

    def workflow(self, rounds: int = 1) -> Workflow:
        """The team as it is now, as a workflow; so it may be a member of others.

        Args:
            rounds: How many rounds a run has, where the mode does not say that itself.

        Raises:
            ConfigError: The agents are not those that the mode needs.
        """
        return self._mode.workflow(dict(self._agents), rounds, self._options)

    async def run(
        self,
        *task: Said,
        rounds: int = 1,
        durable: Journal | str | None = None,
        run_id: str | None = None,
    ) -> WorkflowResult[Any]:
        """Do a task; as `Workflow.run`, and `rounds` as in `workflow`."""
        began = time.time()
        workflow = self.workflow(rounds)
        result = await workflow.run(*task, durable=durable, run_id=run_id)
        self._keep(task, began, result)
        return result

    async def stream(
        self,
        *task: Said,
        rounds: int = 1,
        durable: Journal | str | None = None,
        run_id: str | None = None,
    ) -> AsyncGenerator[Event | WorkflowResult[Any], None]:
        """As `run`, told as it happens; as `Workflow.stream`."""
        began = time.time()
        stream = self.workflow(rounds).stream(*task, durable=durable, run_id=run_id)
        async with aclosing(stream) as pieces:
            async for each in pieces:
                if isinstance(each, WorkflowResult):
                    self._keep(task, began, each)
                yield each

    @property
    def history(self) -> Sequence[TeamMessage]:
        """What the user and the agents said in all runs that came to a result, in order."""
        return tuple(self._history)

    def clear_history(self) -> None:
        """Forget it."""
        self._history.clear()

    def _keep(self, task: Sequence[Said], began: float, result: WorkflowResult[Any]) -> None:
        self._history.append(TeamMessage(role="user", text=text_of(task), at=began))
        self._history += [
            TeamMessage(
                role="assistant",
                text=step.text,
                agent_id=step.member_id,
                agent_name=step.member_name,
                round=step.round,
                at=step.at,
            )
            for step in result.steps
            if step.has_text
        ]
