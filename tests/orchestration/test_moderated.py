"""A moderator says who speaks next."""

import json
from collections.abc import Sequence

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError, UnfitReply
from toolyard.events.orchestration_events import AgentSelected
from toolyard.llm.scripted_model import Line
from toolyard.orchestration.engines.discussion import SYNTHESIZE
from toolyard.orchestration.hub import LEFT_OUT, TASK
from toolyard.orchestration.presets.moderated import AGAIN, PICK, SPEAK, Moderated
from toolyard.orchestration.texts.quoted import quoted

pytestmark = pytest.mark.anyio

GO = TASK + "Go."
QUESTION = PICK.format(members="- Ann: knows sums\n- Bob: knows words")
OVER = '{"reason": "", "speaker": "Ann", "is_over": true}'


def told(*parts: str) -> str:
    return "\n\n".join(parts)


def pick(speaker: str, reason: str = "") -> str:
    return json.dumps({"reason": reason, "speaker": speaker, "is_over": False})


def members() -> tuple[Player, Player]:
    ann = Player("Ann", "a1", "a2", "a3", expertise="knows sums")
    return ann, Player("Bob", "b1", "b2", "b3", expertise="knows words")


async def test_the_chosen_one_speaks_and_hears_what_it_has_missed() -> None:
    ann, bob = members()
    mo, ear = Player("Mo", pick("Bob", "is good"), pick("Bob"), pick("Ann"), OVER), Ear()

    team = Moderated([ann.agent, bob.agent], moderator=mo.agent, on_event=ear.bus)
    result = await team.run("Go.")

    assert mo.heard == [
        told(GO, QUESTION),
        told(quoted("Bob", "b1"), QUESTION),
        told(quoted("Bob", "b2"), QUESTION),
        told(quoted("Ann", "a1"), QUESTION),
    ]
    assert bob.heard == [told(GO, SPEAK), SPEAK]
    assert ann.heard == [told(GO, quoted("Bob", "b1"), quoted("Bob", "b2"), SPEAK)]
    assert result.text == "Bob:\nb1\n\nBob:\nb2\n\nAnn:\na1"
    assert (result.status, result.ended, result.rounds) == ("complete", "moderator", 4)
    reasons = [each.reason for each in ear.of(AgentSelected) if each.agent_id == "Bob"]
    assert reasons == ["chosen by Mo: is good", "chosen by Mo"]


async def test_the_provider_is_told_who_may_be_chosen() -> None:
    ann, bob = members()
    mo = Player("Mo", pick("Bob"))

    await Moderated([ann.agent, bob.agent], moderator=mo.agent, rounds=1).run("Go.")

    output = mo.model.requests[0].output
    assert output is not None
    assert output.schema["properties"]["speaker"]["enum"] == ["Ann", "Bob"]


async def test_it_ends_after_the_last_round() -> None:
    ann, bob = members()
    mo = Player("Mo", pick("Ann"), pick("Bob"))

    result = await Moderated([ann.agent, bob.agent], moderator=mo.agent, rounds=2).run("Go.")

    assert (result.status, result.ended, result.rounds) == ("complete", "max_rounds", 2)


async def test_the_moderator_may_write_the_result() -> None:
    ann, bob = members()
    mo = Player("Mo", pick("Ann"), OVER, "all of it")

    team = Moderated([ann.agent, bob.agent], moderator=mo.agent, finish="synthesize")

    assert (await team.run("Go.")).text == "all of it"
    assert mo.heard[-1] == SYNTHESIZE


@pytest.mark.parametrize(
    ("lines", "spoke", "again"),
    [
        ([pick("Zed"), pick("bob")], "Bob", AGAIN.format(named="Zed", ids="Ann, Bob")),
        ([pick("Anna"), pick("")], "Ann", AGAIN.format(named="Anna", ids="Ann, Bob")),
        ([ModelError("Mo is ill."), pick("Bob")], "Bob", ""),
    ],
)
async def test_one_who_names_nobody_is_asked_again_once(
    lines: Sequence[Line], spoke: str, again: str
) -> None:
    ann, bob = members()
    mo = Player("Mo", *lines)

    team = Moderated([ann.agent, bob.agent], moderator=mo.agent, rounds=1)
    result = await team.run("Go.")

    assert [each.member_name for each in result.steps] == ["Mo", "Mo", spoke]
    assert mo.heard[1] == (told(QUESTION, again) if again else told(GO, QUESTION))


async def test_it_is_not_over_before_somebody_has_spoken() -> None:
    ann, bob = members()
    mo = Player("Mo", OVER, OVER)

    result = await Moderated([ann.agent, bob.agent], moderator=mo.agent).run("Go.")

    assert (result.text, result.ended, result.rounds) == ("Ann:\na1", "moderator", 2)


async def test_then_the_one_with_the_fewest_turns_speaks_the_first_of_them() -> None:
    ann, bob = members()
    nobody = [pick("Zed")] * 2
    mo, ear = Player("Mo", *nobody, *nobody, pick("Bob"), *nobody), Ear()

    team = Moderated([ann.agent, bob.agent], moderator=mo.agent, rounds=4, on_event=ear.bus)
    result = await team.run("Go.")

    turns = [each.member_name for each in result.steps if each.member_name != "Mo"]
    assert turns == ["Ann", "Bob", "Bob", "Ann"]
    reasons = [each.reason for each in ear.of(AgentSelected)]
    assert reasons[2] == "Mo named nobody; had the fewest turns"


async def test_one_that_fails_stays_and_hears_the_same_again() -> None:
    ann = Player("Ann", ModelError("Ann is ill."), "a2", expertise="knows sums")
    bob = members()[1]
    mo = Player("Mo", pick("Bob"), pick("Ann"), pick("Ann"), OVER)

    result = await Moderated([ann.agent, bob.agent], moderator=mo.agent).run("Go.")

    assert ann.heard == [told(GO, quoted("Bob", "b1"), SPEAK)] * 2
    assert mo.heard[2] == QUESTION
    assert result.text == "Bob:\nb1\n\nAnn:\na2"

    mo = Player("Mo", *["Let me think."] * 6)
    raising = Moderated([ann.agent, bob.agent], moderator=mo.agent, on_error="raise")
    with pytest.raises(UnfitReply):
        await raising.run("Go.")


async def test_a_moderator_without_a_memory_is_told_all_each_time() -> None:
    heard = list[str]()

    def mo(task: str) -> dict[str, str | bool]:
        heard.append(task.partition("\n\nIMPORTANT")[0])
        return {"speaker": "Ann", "is_over": len(heard) == 3}

    team = Moderated([members()[0].agent], moderator=mo)
    await team.run("Go.")

    question = PICK.format(members="- Ann: knows sums")
    assert heard[2] == told(GO, quoted("Ann", "a1"), quoted("Ann", "a2"), question)


async def test_only_the_last_are_told_if_so_wanted_but_the_moderator_hears_all() -> None:
    ann, bob = members()
    mo = Player("Mo", pick("Ann"), pick("Ann"), pick("Bob"))

    team = Moderated([ann.agent, bob.agent], moderator=mo.agent, rounds=3, last=1)
    await team.run("Go.")

    assert bob.heard == [told(GO, LEFT_OUT.format(1), quoted("Ann", "a2"), SPEAK)]
    assert mo.heard[2] == told(quoted("Ann", "a2"), QUESTION)


async def test_a_second_run_starts_clean() -> None:
    ann, bob = members()
    mo = Player("Mo", pick("Ann"), OVER, pick("Ann"), OVER)
    team = Moderated([ann.agent, bob.agent], moderator=mo.agent)

    await team.run("Go.")
    result = await team.run("Again.")

    assert mo.heard[2] == told(TASK + "Again.", QUESTION)
    assert (result.text, result.rounds) == ("Ann:\na2", 2)


def test_options_out_of_their_range_are_refused() -> None:
    ann, bob = members()
    with pytest.raises(ConfigError, match=r"rounds must be 1 or more, not 0\."):
        Moderated([ann.agent], moderator=bob.agent, rounds=0)
    with pytest.raises(ConfigError, match=r"last must be 1 or more, not 0\."):
        Moderated([ann.agent], moderator=bob.agent, last=0)
    with pytest.raises(ConfigError, match=r"finish must be .*synthesize, not 'judge'"):
        Moderated([ann.agent], moderator=bob.agent, finish="judge")  # pyright: ignore[reportArgumentType]
