"""One after the other, each going on from what was said."""

from typing import Literal

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import AgentSelected
from toolyard.orchestration.engines.discussion import SYNTHESIZE
from toolyard.orchestration.hub import LEFT_OUT, TASK
from toolyard.orchestration.presets.round_robin import FIRST, STYLES, RoundRobin
from toolyard.orchestration.texts.quoted import quoted

pytestmark = pytest.mark.anyio

GO = TASK + "Go."
EXTEND = STYLES["extend"]


def told(*parts: str) -> str:
    return "\n\n".join(parts)


async def test_each_hears_what_was_said_since_its_turn_and_the_first_sums_up() -> None:
    ann, bob = Player("Ann", "a1", "a2", "all"), Player("Bob", "b1", "b2")

    team = RoundRobin([ann.agent, bob.agent], rounds=2)
    result = await team.run("Go.")

    assert [each.id for each in team.members] == ["Ann", "Bob"]
    assert [len(request.messages) for request in ann.model.requests] == [2, 4, 6]
    assert ann.heard == [
        told(GO, FIRST),
        told(quoted("Bob", "b1"), EXTEND),
        told(quoted("Bob", "b2"), SYNTHESIZE),
    ]
    assert bob.heard == [
        told(GO, quoted("Ann", "a1"), EXTEND),
        told(quoted("Ann", "a2"), EXTEND),
    ]
    assert (result.text, result.output) == ("all", "all")
    assert (result.status, result.ended, result.rounds) == ("complete", "max_rounds", 2)
    assert [step.id for step in result.steps] == ["Ann", "Bob", "Ann#2", "Bob#2", "Ann#3"]


async def test_one_that_remembers_nothing_is_told_everything_each_time() -> None:
    heard = list[str]()

    def cy(task: str) -> str:
        heard.append(task)
        return f"c{len(heard)}"

    team = RoundRobin([Player("Ann", "a1", "a2").agent, cy], rounds=2, synthesizer=cy)
    result = await team.run("Go.")

    first, second = quoted("Ann", "a1"), quoted("Ann", "a2")
    own = [quoted("cy (you)", f"c{at}") for at in (1, 2)]
    assert heard == [
        told(GO, first, EXTEND),
        told(GO, first, own[0], second, EXTEND),
        told(GO, first, own[0], second, own[1], SYNTHESIZE),
    ]
    assert result.text == "c3"


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("extend", "Ann:\na\n\nBob:\nb"),
        ("refine", "b"),
        ("challenge", "Ann:\na\n\nBob:\nb"),
    ],
)
async def test_without_synthesis_it_is_the_transcript_or_the_latest_version(
    style: Literal["extend", "refine", "challenge"], text: str
) -> None:
    ann, bob = Player("Ann", "a"), Player("Bob", "b")

    team = RoundRobin([ann.agent, bob.agent], rounds=1, style=style, synthesis=False)

    assert (await team.run("Go.")).text == text
    assert ann.heard == [told(GO, FIRST)]
    assert bob.heard == [told(GO, quoted("Ann", "a"), STYLES[style])]


async def test_another_may_sum_up_who_hears_all_of_it() -> None:
    ann, sum_up = Player("Ann", "a1", "a2"), Player("Sue", "sum")
    ear = Ear()

    team = RoundRobin([ann.agent], rounds=2, synthesizer=sum_up.agent, on_event=ear.bus)
    result = await team.run("Go.")

    assert sum_up.heard == [told(GO, quoted("Ann", "a1"), quoted("Ann", "a2"), SYNTHESIZE)]
    assert ann.heard[1] == EXTEND
    assert result.text == "sum"
    assert [each.id for each in team.members] == ["Ann", "Sue"]
    reasons = [each.reason for each in ear.of(AgentSelected)]
    assert reasons == ["its turn", "its turn", "writes the result"]


async def test_only_the_last_are_told_if_so_wanted_and_what_is_left_out_is_said() -> None:
    players = [Player(name, name) for name in ("Ann", "Bob", "Cy", "Di")]

    team = RoundRobin([each.agent for each in players], rounds=1, synthesis=False, last=2)
    await team.run("Go.")

    shown = [quoted("Bob", "Bob"), quoted("Cy", "Cy"), EXTEND]
    assert players[3].heard == [told(GO, LEFT_OUT.format(1), *shown)]


async def test_what_was_left_out_is_told_later_only_to_a_synthesizer_who_is_no_member() -> None:
    names, sue = ("Ann", "Bob", "Cy"), Player("Sue", "sum")
    own = [Player(name, "1", "2", "all") for name in names]
    others = [Player(name, "1", "2") for name in names]

    await RoundRobin([each.agent for each in own], rounds=2, last=1).run("Go.")
    agents = [each.agent for each in others]
    await RoundRobin(agents, rounds=2, last=1, synthesizer=sue.agent).run("Go.")

    said = [[quoted(name, str(at)) for name in names] for at in (1, 2)]
    assert own[0].heard[1:] == [
        told(LEFT_OUT.format(1), said[0][2], EXTEND),
        told(*said[1][1:], SYNTHESIZE),
    ]
    assert sue.heard == [told(GO, *said[0], *said[1], SYNTHESIZE)]


async def test_one_that_fails_hears_the_same_again_and_stays() -> None:
    ann = Player("Ann", "a1", "a2", "a3")
    bob = Player("Bob", "b1", ModelError("Bob is ill."), "b3")

    team = RoundRobin([ann.agent, bob.agent], synthesis=False)
    result = await team.run("Go.")

    assert ann.heard[2] == EXTEND
    assert bob.heard[1:] == [
        told(quoted("Ann", "a2"), EXTEND),
        told(quoted("Ann", "a2"), quoted("Ann", "a3"), EXTEND),
    ]
    assert result.text.endswith("Ann:\na2\n\nAnn:\na3\n\nBob:\nb3")
    assert result.step("Bob#2").error == "Bob is ill."


async def test_that_one_failed_is_shown_or_ends_the_run() -> None:
    def ill() -> Player:
        return Player("Bob", ModelError("Bob is ill."))

    ann = Player("Ann", "a1", "a2", "a3")
    team = RoundRobin([ann.agent, ill().agent], rounds=1, on_error="show")
    await team.run("Go.")
    assert ann.heard[1] == told(quoted("Bob", "(Bob failed: Bob is ill.)"), SYNTHESIZE)

    with pytest.raises(ModelError, match=r"Bob is ill\."):
        await RoundRobin([ill().agent], on_error="raise").run("Go.")
    with pytest.raises(WorkflowError, match=r"Nobody answered: Bob: Bob is ill\."):
        await RoundRobin([ill().agent], rounds=1).run("Go.")


async def test_a_synthesis_that_fails_leaves_the_transcript() -> None:
    ill = Player("Sue", ModelError("Sue is ill."))

    team = RoundRobin([Player("Ann", "a").agent], rounds=1, synthesizer=ill.agent)
    result = await team.run("Go.")

    assert (result.text, result.status) == ("Ann:\na", "partial")


async def test_a_second_run_starts_clean() -> None:
    ann, bob = Player("Ann", *"abc"), Player("Bob", *"xyz")
    team = RoundRobin([ann.agent, bob.agent], rounds=1, synthesis=False)

    await team.run("Go.")
    result = await team.run("Again.")

    assert ann.heard == [told(GO, FIRST), told(TASK + "Again.", FIRST)]
    assert bob.heard[1] == told(TASK + "Again.", quoted("Ann", "b"), EXTEND)
    assert (result.text, result.rounds) == ("Ann:\nb\n\nBob:\ny", 1)


async def test_two_of_the_same_name_are_told_apart_by_their_ids() -> None:
    echo = Player("Echo", "one", "two")

    team = RoundRobin({"x": echo.agent, "y": echo.agent}, rounds=1, synthesis=False)

    assert (await team.run("Go.")).text == "Echo (x):\none\n\nEcho (y):\ntwo"
    assert echo.heard[1] == told(GO, quoted("Echo (x)", "one"), EXTEND)


def test_options_out_of_their_range_are_refused() -> None:
    ann = Player("Ann").agent
    with pytest.raises(ConfigError, match=r"rounds must be 1 or more, not 0\."):
        RoundRobin([ann], rounds=0)
    with pytest.raises(ConfigError, match=r"last must be 1 or more, not 0\."):
        RoundRobin([ann], last=0)
    with pytest.raises(ConfigError, match=r"style must be .*refine.*, not 'shout'\."):
        RoundRobin([ann], style="shout")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigError, match="synthesizer"):
        RoundRobin([ann], synthesis=False, synthesizer=ann)
