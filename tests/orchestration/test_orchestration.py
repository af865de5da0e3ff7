"""A team that is put together step by step."""

from pathlib import Path

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError, UnknownName
from toolyard.events.agent_events import SendCompleted
from toolyard.events.orchestration_events import RunStarted
from toolyard.orchestration.modes import (
    AgentTeamMode,
    DebateMode,
    HierarchicalMode,
    Mode,
    ModeratedMode,
    ParallelMode,
    RalphMode,
    RoundRobinMode,
)
from toolyard.orchestration.orchestration import SYSTEM_CONTEXT, Orchestration
from toolyard.orchestration.work.item import WorkItem
from toolyard.orchestration.workflow_result import WorkflowResult
from toolyard.storage.memory_store import MemoryStore

pytestmark = pytest.mark.anyio


def team(*players: Player, mode: Mode | None = None) -> Orchestration:
    made = Orchestration("team-1", "Team")
    for each in players:
        made.add_agent(each.agent)
    return made if mode is None else made.with_mode(mode)


async def test_it_works_in_parallel_unless_it_is_told_otherwise() -> None:
    ann, bob = Player("Ann", "a"), Player("Bob", "b")

    result = await team(ann, bob).run("Go.")

    assert result.output == {"Ann": ["a"], "Bob": ["b"]}
    assert ann.model.requests[0].messages[0].text == f"You are Ann.\n\n{SYSTEM_CONTEXT}"


@pytest.mark.parametrize(
    ("mode", "heard_by_bob", "rounds"),
    [
        (ParallelMode(), False, 1),
        (RoundRobinMode(), True, 1),
        (HierarchicalMode([["Ann"], ["Bob"]]), True, 2),
        (DebateMode(max_rounds=1, convergence_threshold=None), False, 1),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_mode_is_the_workflow_of_its_name(
    mode: Mode, heard_by_bob: bool, rounds: int
) -> None:
    ann, bob, ear = Player("Ann", "from Ann"), Player("Bob", "from Bob"), Ear()

    result = await team(ann, bob, mode=mode).with_event_handler(ear.bus).run("Go.")

    assert ("from Ann" in bob.heard[0]) == heard_by_bob
    assert result.rounds == rounds
    (started,) = ear.of(RunStarted)
    assert (started.orchestration_id, started.orchestration_name) == ("team-1", "Team")


async def test_a_moderator_is_one_of_the_agents_and_chooses_among_the_others() -> None:
    boss = Player("Boss", '{"speaker": "Bob"}')
    ann, bob = Player("Ann"), Player("Bob", "from Bob")

    result = await team(boss, ann, bob, mode=ModeratedMode("Boss")).run("Go.")

    assert result.text == "Bob:\nfrom Bob"
    with pytest.raises(ConfigError, match="'Nobody'"):
        await team(ann, mode=ModeratedMode("Nobody")).run("Go.")
    with pytest.raises(ConfigError, match="'Nobody'"):
        team(ann, mode=HierarchicalMode([["Ann"], ["Nobody"]])).workflow()


async def test_agents_go_through_a_list_of_work_or_claim_it() -> None:
    items = [WorkItem("one", "First"), WorkItem("two", "Second", depends_on=("one",))]
    ann = Player("Ann", "[TASK_COMPLETE:one]", "[TASK_COMPLETE:two]")
    done = await team(ann, mode=RalphMode(items, max_iterations=2)).run("Build it.")
    assert (done.score, done.status, done.rounds) == (1.0, "complete", 2)

    bob = Player("Bob", "did one", "did two")
    claimed = await team(bob, mode=AgentTeamMode("pool", items)).run("Build it.")
    assert (claimed.score, claimed.output) == (1.0, {"one": "did one", "two": "did two"})


async def test_a_debate_has_its_own_threshold() -> None:
    for threshold, ended, rounds in ((0.75, "converged", 2), (None, "max_rounds", 3)):
        players = [Player(name, *["the same"] * 3) for name in ("Ann", "Bob")]
        mode = DebateMode(convergence_threshold=threshold)
        result = await team(*players, mode=mode).run("Go.")
        assert (result.ended, result.rounds) == (ended, rounds)


async def test_work_ends_when_each_was_asked_often_enough_and_is_in_the_store_given() -> None:
    items = [WorkItem("one"), WorkItem("two")]
    ann = Player("Ann", "[TASK_COMPLETE:one]", "[TASK_COMPLETE:two]")
    ralph = await team(ann, mode=RalphMode(items, max_iterations=1)).run("Build it.")
    assert (ralph.ended, ralph.rounds) == ("max_iterations", 1)

    async with MemoryStore() as store:
        mode = AgentTeamMode("pool", items, store, max_iterations=1)
        shared = await team(Player("Bob", "done", "done"), mode=mode).run("Build it.")
        done = (await store.list_keys("default/teams:pool:completed:")).keys
    assert (shared.ended, shared.score, len(done)) == ("max_iterations", 0.5, 1)


async def test_the_rounds_are_those_of_the_run() -> None:
    ann, bob = Player("Ann", "one", "three"), Player("Bob", "two", "four")
    made = team(ann, bob, mode=RoundRobinMode())
    result = await made.run("Go.", rounds=2)
    assert [step.text for step in result.steps] == ["one", "two", "three", "four"]
    assert [each.round for each in made.history] == [0, 1, 1, 2, 2]

    *_, last = [each async for each in team(Player("Ann", "one", "two")).stream("Go.", rounds=2)]
    assert isinstance(last, WorkflowResult)
    assert last.output == {"Ann": ["one", "two"]}

    boss = Player("Boss", *['{"speaker": "Ann"}'] * 2)
    mode = ModeratedMode("Boss")
    moderated = await team(boss, Player("Ann", "one", "two"), mode=mode).run("Go.", rounds=2)
    assert moderated.text == "Ann:\none\n\nAnn:\ntwo"


async def test_a_second_run_begins_anew_and_the_history_has_both() -> None:
    ann = Player("Ann", "one", "two")
    made = team(ann)

    await made.run("First.")
    [_ async for _ in made.stream("Second.")]

    assert ann.heard == ["First.", "Second."]
    assert [len(each.messages) for each in ann.model.requests] == [2, 2]
    assert [(each.role, each.agent_id, each.text) for each in made.history] == [
        ("user", None, "First."),
        ("assistant", "Ann", "one"),
        ("user", None, "Second."),
        ("assistant", "Ann", "two"),
    ]
    assert [each.agent_name for each in made.history] == [None, "Ann"] * 2
    assert [each.at for each in made.history] == sorted(each.at for each in made.history)
    made.clear_history()
    assert made.history == ()


async def test_those_who_hear_of_the_team_and_of_one_agent_both_hear_of_it() -> None:
    own, teams = Ear(), Ear()
    ann = Player("Ann", "a")
    ann.agent.recipe.bus.add(own.events.append)
    made = team(ann).with_event_handler(teams.bus)

    await made.run("Go.")

    assert len(own.of(SendCompleted)) == len(teams.of(SendCompleted)) == 1


async def test_the_conversations_of_agents_hold_so_many_tokens() -> None:
    ann, bob = Player("Ann", *["x " * 400] * 3), Player("Bob", *["z " * 400] * 3)
    made = team(ann, bob, mode=RoundRobinMode()).with_max_tokens(500)

    await made.run("Go.", rounds=3)

    assert len(ann.model.requests[-1].messages) < 6
    with pytest.raises(ConfigError, match="max_tokens"):
        made.with_max_tokens(0)


async def test_its_options_and_system_context_are_those_of_a_workflow(tmp_path: Path) -> None:
    ann = Player("Ann", "a")
    made = team(ann).with_system_context("Be kind.").with_options({"at_once": 1})

    result = await made.run("Go.", durable=f"sqlite:{tmp_path}/runs.db", run_id="r")

    assert (
        await made.run("Go.", durable=f"sqlite:{tmp_path}/runs.db", run_id="r")
    ).text == result.text
    kept = made.stream("Go.", durable=f"sqlite:{tmp_path}/runs.db", run_id="r")
    assert [each async for each in kept]
    assert ann.model.requests[0].messages[0].text.endswith("Be kind.")
    assert len(ann.heard) == 1


async def test_an_option_of_a_workflow_does_what_it_does_there() -> None:
    ann = Player("Ann", ModelError("ill."))
    with pytest.raises(ModelError, match=r"ill\."):
        await team(ann, Player("Bob", "b")).with_options({"on_error": "raise"}).run("Go.")

    with pytest.raises(ConfigError, match="no option 'budgets'"):
        team(ann).with_options({"budgets": 3}).workflow()  # pyright: ignore[reportArgumentType]


def test_agents_are_known_by_their_ids() -> None:
    ann, bob = Player("Ann"), Player("Bob")
    made = team(ann, bob)

    assert made.list_agents() == ["Ann", "Bob"]
    assert made.get_agent("Ann") is ann.agent
    with pytest.raises(ConfigError, match="'Ann' already"):
        made.add_agent(Player("Ann").agent)
    assert made.remove_agent("Ann") is ann.agent
    assert made.list_agents() == ["Bob"]
    with pytest.raises(UnknownName):
        made.get_agent("Ann")
    with pytest.raises(UnknownName):
        made.remove_agent("Ann")


async def test_a_team_is_a_member_of_another() -> None:
    outer = Orchestration("outer", "Outer")
    outer.add_agent(team(Player("Ann", "a")).workflow())

    assert (await outer.run("Go.")).output == {"team-1": [{"Ann": ["a"]}]}
