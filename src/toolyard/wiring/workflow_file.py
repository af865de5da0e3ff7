"""A team of agents that a user's own Python file makes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeGuard

from toolyard.agents.agent import Agent
from toolyard.core.errors import ConfigError
from toolyard.orchestration.member import Member
from toolyard.orchestration.orchestration import Orchestration
from toolyard.orchestration.workflow import Workflow
from toolyard.wiring.user_file import UserFile, is_a


def workflow_in(reference: str, rounds: int | None = None) -> Workflow:
    """The workflow or `Orchestration` that `path/to/file.py[:name]` means.

    Args:
        reference: Without a name, the only one there.
        rounds: How many rounds an `Orchestration` has, one if not given.

    Raises:
        ConfigError: There is no such file, it fails, or it holds none or several; or rounds are
            given to a workflow, which has its own.
    """
    file = UserFile(reference)
    team = file.chosen(_is_team, "workflow", "workflows")
    if team is None:
        raise ConfigError(
            f"{file.path.name} has no workflow; make one, or an Orchestration, at its top level."
        )
    if isinstance(team, Orchestration):
        return team.workflow(rounds or 1)
    if rounds is not None:
        raise ConfigError("A workflow says itself how many rounds it has; leave out --rounds.")
    return team


@asynccontextmanager
async def entered(workflow: Workflow) -> AsyncGenerator[Workflow]:
    """The workflow with all its agents ready for work, those of teams within it too.

    Raises:
        ToolyardError: A source of tools cannot be started.
    """
    async with AsyncExitStack() as stack:
        for agent in {id(each): each for each in _agents(workflow.members)}.values():
            await stack.enter_async_context(agent)
        yield workflow


def _agents(members: Sequence[Member]) -> Iterator[Agent]:
    for each in members:
        if isinstance(each.does, Agent):
            yield each.does
        elif isinstance(each.does, Workflow):
            yield from _agents(each.does.members)
        elif isinstance(each.does, Orchestration):
            yield from _agents(each.does.workflow().members)


def _is_team(thing: object) -> TypeGuard[Workflow | Orchestration]:
    return is_a(thing, Workflow) or is_a(thing, Orchestration)
