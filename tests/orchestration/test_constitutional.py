"""An answer is written anew until it keeps to principles."""

import json
from typing import Any

import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.events.orchestration_events import Scored
from toolyard.orchestration.presets.constitutional import (
    JUDGE,
    REVISE,
    Constitutional,
    Principle,
)
from toolyard.orchestration.workflow_run import OnError

pytestmark = pytest.mark.anyio

TRUE = Principle("true", "It says nothing wrong.", "critical")
KIND = Principle("kind", "It hurts nobody.")
SHORT = Principle("short", "It is short.", "warning")
ALL = [TRUE, KIND, SHORT]
LIST = (
    "principle_1 (critical), true: It says nothing wrong.\n"
    "principle_2 (error), kind: It hurts nobody.\n"
    "principle_3 (warning), short: It is short."
)


def verdicts(*passes: bool) -> str:
    given = {
        f"principle_{at}": {"reason": f"because {at}", "passes": each}
        for at, each in enumerate(passes, 1)
    }
    return json.dumps(given)


def said(name: str, text: str) -> str:
    return f'<said by="{name}">\n{text}\n</said>'


async def test_it_is_written_anew_until_what_has_to_be_kept_is_kept() -> None:
    ear, ann = Ear(), Player("Ann", "one", "two", "three")
    given = (False, True, False), (True, False, True), (True, True, False)
    cat = Player("Cat", *(verdicts(*each) for each in given))

    result = await Constitutional(ann.agent, ALL, critic=cat.agent, on_event=ear.bus).run("Write.")

    first = "- true (critical): because 1\n- short (warning): because 3"
    assert ann.heard == [
        "The task:\nWrite.",
        f"{said('Cat', first)}\n\n{REVISE}",
        f"{said('Cat', '- kind (error): because 2')}\n\n{REVISE}",
    ]
    judge = JUDGE.format(principles=LIST)
    assert cat.heard == [
        f"The task:\nWrite.\n\n{said('Ann', 'one')}\n\n{judge}",
        f"{said('Ann', 'two')}\n\n{judge}",
        f"{said('Ann', 'three')}\n\n{judge}",
    ]
    assert (result.text, result.ended, result.status) == ("three", "accepted", "complete")
    assert (result.rounds, result.score) == (3, 1.0)
    assert result.metadata == {"violations": {"short": "because 3"}}
    assert [each.score for each in ear.of(Scored)] == [0.5, 0.5, 1.0]


async def test_it_ends_partial_with_the_best_draft() -> None:
    ann = Player("Ann", "one", "two", "three")
    cat = Player("Cat", verdicts(False, False), verdicts(True, False), verdicts(False, False))

    result = await Constitutional(ann.agent, [TRUE, KIND], critic=cat.agent, max_revisions=2).run(
        "Write."
    )

    assert (result.text, result.ended, result.status) == ("two", "max_rounds", "partial")
    assert (result.rounds, result.score) == (3, 0.5)
    assert result.metadata == {"violations": {"kind": "because 2"}}


@pytest.mark.parametrize(
    ("require_all_pass", "passes", "is_accepted"),
    [
        (True, (True, True, False), True),
        (True, (True, False, True), False),
        (True, (False, True, True), False),
        (False, (True, False, False), True),
        (False, (False, True, True), False),
    ],
)
async def test_severities_say_what_has_to_be_kept(
    require_all_pass: bool, passes: tuple[bool, ...], is_accepted: bool
) -> None:
    result = await Constitutional(
        Player("Ann", "one").agent,
        ALL,
        critic=Player("Cat", verdicts(*passes)).agent,
        max_revisions=0,
        require_all_pass=require_all_pass,
    ).run("Write.")

    assert (result.ended == "accepted", result.status == "complete") == (is_accepted, is_accepted)


async def test_warnings_alone_never_block() -> None:
    result = await Constitutional(
        Player("Ann", "one").agent, [SHORT], critic=Player("Cat", verdicts(False)).agent
    ).run("Write.")

    assert (result.ended, result.score, result.rounds) == ("accepted", 1.0, 1)


async def test_the_generator_judges_itself_in_a_conversation_of_its_own() -> None:
    ann = Player("Ann", "one", verdicts(True))

    result = await Constitutional(ann.agent, [KIND]).run("Write.")

    assert [len(request.messages) for request in ann.model.requests] == [2, 2]
    assert (result.text, result.ended) == ("one", "accepted")


async def test_a_critic_that_forgets_a_principle_is_asked_again() -> None:
    cat = Player("Cat", verdicts(True), "PASS, they all pass", verdicts(True, False))

    result = await Constitutional(
        Player("Ann", "one").agent, [TRUE, KIND], critic=cat.agent, max_revisions=0
    ).run("Write.")

    assert (len(cat.heard), result.status) == (3, "partial")


@pytest.mark.parametrize("on_error", ["skip", "show"])
async def test_a_draft_that_is_not_judged_is_not_accepted(on_error: OnError) -> None:
    ann = Player("Ann", "one", "two")
    ill = ModelError("ill.")

    never = Constitutional(
        ann.agent, [KIND], critic=Player("Cat", ill, ill).agent, max_revisions=1, on_error=on_error
    )
    result = await never.run("Write.")
    assert (result.text, result.status, result.rounds) == ("one", "partial", 2)
    assert result.metadata == {}

    later = Constitutional(
        ann.agent, [KIND], critic=Player("Cat", ill, verdicts(True)).agent, on_error=on_error
    )
    result = await later.run("Write.")
    assert (result.text, result.ended, result.rounds) == ("two", "accepted", 2)


async def test_a_failing_critic_ends_the_run_if_that_is_wanted() -> None:
    team = Constitutional(
        Player("Ann", "one").agent,
        [KIND],
        critic=Player("Cat", ModelError("ill.")).agent,
        on_error="raise",
    )
    with pytest.raises(ModelError, match=r"ill\."):
        await team.run("Write.")


async def test_a_second_run_starts_clean_and_functions_judge_too() -> None:
    heard = list[str]()

    def judge(task: str) -> dict[str, Any]:
        heard.append(task)
        return {"principle_1": {"reason": "fine", "passes": len(heard) > 1}}

    team = Constitutional(Player("Ann", "one", "two", "three").agent, [KIND], critic=judge)

    first, second = await team.run("Write."), await team.run("Paint.")

    assert (first.text, second.text, second.rounds) == ("two", "three", 1)
    assert heard[1].startswith(f"The task:\nWrite.\n\n{said('Ann', 'two')}")
    assert heard[2].startswith(f"The task:\nPaint.\n\n{said('Ann', 'three')}")


def test_wrong_options_are_refused() -> None:
    ann = Player("Ann").agent
    with pytest.raises(ConfigError, match="max_revisions must be 0 or more, not -1"):
        Constitutional(ann, ALL, max_revisions=-1)
    with pytest.raises(ConfigError, match="principles must be one or more"):
        Constitutional(ann, [])
    with pytest.raises(ConfigError, match="'kind'"):
        Constitutional(ann, [KIND, KIND])
    with pytest.raises(ConfigError, match="severity must be one of warning, error, critical"):
        Principle("x", "y", "fatal")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigError, match="name"):
        Principle("", "y")
