"""What every workflow can be told, whatever its members do."""

from threading import Event as Flag
from threading import get_ident

import anyio
import anyio.to_thread
import pytest
from tests.support.teams import Player

from toolyard.core.context import CallContext, Event
from toolyard.core.errors import BudgetSpent, ConfigError, InvalidTool
from toolyard.events.orchestration_events import RunCompleted
from toolyard.llm.budget import Budget, BudgetLimits
from toolyard.orchestration.presets.parallel import Parallel
from toolyard.orchestration.presets.round_robin import RoundRobin
from toolyard.orchestration.presets.router import Router
from toolyard.orchestration.workflow import WorkflowOptions

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("options", "known_as"),
    [
        ({}, ("Parallel", "Parallel")),
        ({"name": "Team"}, ("Team", "Team")),
        ({"id": "t"}, ("t", "Parallel")),
        ({"id": "t", "name": "Team"}, ("t", "Team")),
    ],
)
def test_it_is_known_as_what_it_is_if_nothing_else_is_said(
    options: WorkflowOptions, known_as: tuple[str, str]
) -> None:
    team = Parallel([Player("Ann").agent], **options)

    assert (team.id, team.name) == known_as


async def test_what_it_is_good_for_is_told_to_whoever_chooses() -> None:
    heard = list[str]()

    def choose(task: str) -> dict[str, str]:
        heard.append(task)
        return {"member": "panel"}

    panel = Parallel([Player("Ann", "a").agent], name="panel", expertise="Weighs things.")
    await Router([panel], router=choose).run("Go.")

    assert "- panel: Weighs things.\n" in heard[0]


async def test_members_of_a_team_within_a_team_are_told_of_both() -> None:
    ann = Player("Ann", "a")
    inner = Parallel([ann.agent], system_context="Inner.")

    await Parallel([inner], name="outer", system_context="Outer.").run("Go.")

    assert ann.model.requests[0].messages[0].text == "You are Ann.\n\nOuter.\n\nInner."


@pytest.mark.parametrize(
    ("outer", "inner", "is_cut"),
    [
        ({}, {}, False),
        ({}, {"context_tokens": 500}, True),
        ({"context_tokens": 500}, {}, True),
        ({"context_tokens": 500}, {"context_tokens": 100_000}, False),
    ],
)
async def test_conversations_hold_as_many_tokens_as_the_nearest_team_says(
    outer: WorkflowOptions, inner: WorkflowOptions, is_cut: bool
) -> None:
    ann, bob = Player("Ann", *["x " * 400] * 3), Player("Bob", *["z " * 400] * 3)
    team = RoundRobin([ann.agent, bob.agent], rounds=3, synthesis=False, **inner)

    await Parallel([team], **outer).run("Go.")

    assert (len(ann.model.requests[-1].messages) < 6) == is_cut


async def test_a_budget_is_for_each_run_or_for_all_of_them() -> None:
    ann, limits = Player("Ann", "one", "two", "three"), BudgetLimits(calls=1)
    each, all_runs = (Parallel([ann.agent], budget=budget) for budget in (limits, Budget(limits)))

    await each.run("Go.")
    await each.run("Go.")
    await all_runs.run("Go.")
    with pytest.raises(BudgetSpent):
        await all_runs.run("Go.")

    assert len(ann.heard) == 3


async def test_a_handler_hears_of_all_in_a_thread_of_its_own() -> None:
    heard, threads, is_over = list[str](), set[int](), Flag()

    def hear(event: Event) -> None:
        heard.append(type(event).__name__)
        threads.add(get_ident())
        if isinstance(event, RunCompleted):
            is_over.set()

    await Parallel([Player("Ann", "a").agent], on_event=hear).run("Go.")

    assert await anyio.to_thread.run_sync(is_over.wait, 5)
    assert {"RunStarted", "AgentResponded", "SendCompleted"} <= set(heard)
    assert get_ident() not in threads


async def test_as_a_tool_it_is_called_and_described_as_wanted() -> None:
    team = Parallel([Player("Ann").agent])

    (tool,) = await team.as_tool("ask", description="Asks Ann.").list_tools(CallContext())

    assert (tool.name, tool.description) == ("ask", "Asks Ann.")
    with pytest.raises(InvalidTool):
        team.as_tool("no name")


def test_what_cannot_be_is_refused() -> None:
    ann = Player("Ann").agent

    async def hear(event: Event) -> None:
        del event

    with pytest.raises(ConfigError, match="context_tokens must be 1 or more, not 0"):
        Parallel([ann], context_tokens=0)
    with pytest.raises(ConfigError, match="at_once must be 1 or more, not 0"):
        Parallel([ann], at_once=0)
    with pytest.raises(ConfigError, match="An event handler is a plain function"):
        Parallel([ann], on_event=hear)  # pyright: ignore[reportArgumentType]
