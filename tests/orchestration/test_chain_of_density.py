"""A summary that says more each time it is written anew."""

from typing import Any

import pytest
from tests.support.teams import Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.orchestration.presets.chain_of_density import (
    ADDED,
    DENSER,
    FIRST,
    KEEP_LENGTH,
    MAY_GROW,
    ChainOfDensity,
    Density,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("add", ["entities", "details", "examples"])
@pytest.mark.parametrize(
    ("keep_length", "length"), [(True, KEEP_LENGTH.format(length=5)), (False, MAY_GROW)]
)
async def test_it_is_asked_for_more_of_one_kind_within_the_length_of_the_first(
    add: Density, keep_length: bool, length: str
) -> None:
    ann = Player("Ann", "short", "much longer", "last")

    result = await ChainOfDensity(
        ann.agent, num_iterations=3, add=add, keep_length=keep_length
    ).run("A long text.")

    denser = DENSER.format(what=ADDED[add], length=length)
    assert ann.heard == [
        f"The task:\nA long text.\n\n{FIRST.format(what=ADDED[add])}",
        denser,
        denser,
    ]
    assert (result.text, result.rounds) == ("last", 3)
    assert (result.ended, result.status) == ("max_rounds", "complete")


async def test_there_are_five_of_them_and_a_second_run_starts_clean() -> None:
    ann = Player("Ann", *"abcdefghij")
    team = ChainOfDensity(ann.agent)

    first, second = await team.run("One."), await team.run("Two.")

    assert (first.text, second.text, second.rounds) == ("e", "j", 5)
    assert ann.heard[5].startswith("The task:\nTwo.")


async def test_one_who_remembers_nothing_is_shown_its_summaries() -> None:
    heard = list[str]()

    def summarise(task: str) -> str:
        heard.append(task)
        return "short"

    await ChainOfDensity(summarise, num_iterations=2).run("A text.")

    assert heard[1].startswith(
        'The task:\nA text.\n\n<said by="summarise (you)">\nshort\n</said>\n\nWrite your last'
    )


async def test_a_summary_that_fails_is_left_out_or_ends_the_run() -> None:
    lines = "one", ModelError("ill."), "three"

    result = await ChainOfDensity(Player("Ann", *lines).agent, num_iterations=3).run("A text.")
    assert (result.text, result.rounds, len(result.steps)) == ("three", 3, 3)

    with pytest.raises(ModelError, match=r"ill\."):
        await ChainOfDensity(Player("Ann", *lines).agent, on_error="raise").run("A text.")
    with pytest.raises(WorkflowError, match="wrote no draft"):
        await ChainOfDensity(Player("Ann").agent, on_error="show").run("A text.")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"num_iterations": 0}, "num_iterations must be 1 or more, not 0"),
        ({"add": "jokes"}, "add must be one of entities, details, examples, not 'jokes'"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        ChainOfDensity(Player("Ann").agent, **options)
