"""A team of agents that a user's own Python file makes."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import TypeGuard

from toolyard.agents.agent import Agent
from toolyard.core.errors import ConfigError, ToolyardError
from toolyard.core.groups import first_of
from toolyard.core.workflow_errors import WorkflowError
from toolyard.orchestration.member import Member
from toolyard.orchestration.orchestration import Orchestration
from toolyard.orchestration.workflow import Workflow
from toolyard.wiring.user_file import UserFile, failure, is_a

Opening = Callable[[], AbstractAsyncContextManager[Workflow]]
"""Gives a workflow that is ready for work as long as its block runs."""
_Opened = Callable[[], AbstractAsyncContextManager[Workflow | Orchestration]]


def workflow_in(reference: str, rounds: int | None = None) -> Opening:
    """The team that `path/to/file.py[:name]` means; without a name, the only one there.

    It is a workflow or an `Orchestration`, whose agents are entered here, or a function without
    arguments marked `asynccontextmanager` that gives one, and enters all that it needs itself.

    Args:
        reference: As described; the file is run at once.
        rounds: How many rounds an `Orchestration` has, one if not given.

    Raises:
        ConfigError: There is no such file, it fails, or it holds none or several. What the team
            raises later that is no error of ours is a `WorkflowError`.
    """
    file = UserFile(reference)
    team = file.chosen(_is_team, "workflow", "workflows")
    if team is None:
        raise ConfigError(
            f"{file.path.name} has no workflow; make one, or an Orchestration, at its top level."
        )
    if isinstance(team, Workflow | Orchestration):
        return partial(_told, file.path, partial(_entered, _workflow(team, rounds)))
    return partial(_told, file.path, partial(_opened, team, rounds))


@asynccontextmanager
async def _told(path: Path, opening: Opening) -> AsyncGenerator[Workflow]:
    """What the user's file raises is told as its doing, with its line and no more."""
    try:
        async with opening() as workflow:
            yield workflow
    except Exception as error:
        first = first_of(error)
        if isinstance(first, ToolyardError):
            raise
        raise WorkflowError(str(failure(path, first))) from error


@asynccontextmanager
async def _opened(team: _Opened, rounds: int | None) -> AsyncGenerator[Workflow]:
    async with team() as made:
        if not isinstance(made, Workflow | Orchestration):  # pyright: ignore[reportUnnecessaryIsInstance] a file may give anything
            raise ConfigError(f"The function gives a {type(made).__name__}, and no workflow.")
        yield _workflow(made, rounds)


@asynccontextmanager
async def _entered(workflow: Workflow) -> AsyncGenerator[Workflow]:
    """The workflow with all its agents ready for work, those of teams within it too."""
    async with AsyncExitStack() as stack:
        for agent in {id(each): each for each in _agents(workflow.members)}.values():
            await stack.enter_async_context(agent)
        yield workflow


def _workflow(team: Workflow | Orchestration, rounds: int | None) -> Workflow:
    if isinstance(team, Orchestration):
        return team.workflow(rounds or 1)
    if rounds is not None:
        raise ConfigError("A workflow says itself how many rounds it has; leave out --rounds.")
    return team


def _agents(members: Sequence[Member]) -> Iterator[Agent]:
    for each in members:
        if isinstance(each.does, Agent):
            yield each.does
        elif isinstance(each.does, Workflow):
            yield from _agents(each.does.members)
        elif isinstance(each.does, Orchestration):
            yield from _agents(each.does.workflow().members)


def _is_team(thing: object) -> TypeGuard[Workflow | Orchestration | _Opened]:
    return is_a(thing, Workflow) or is_a(thing, Orchestration) or _is_opened(thing)


def _is_opened(thing: object) -> bool:
    """Whether it is such a function, of an `async def` that yields."""
    if not is_a(thing, FunctionType) or not hasattr(thing, "__wrapped__"):
        return False
    return inspect.isasyncgenfunction(inspect.unwrap(thing))
