"""How much is new in what was said last, and when that makes room early."""

import pytest
from tests.agents.context.conversations import of, round_of, session_of

from toolyard import ConfigError, NoveltyAware, Trim
from toolyard.agents.context.novelty import novelty
from toolyard.llm.message import Message, assistant, user


@pytest.mark.parametrize(
    ("said", "window", "new"),
    [
        ([], 4, 1.0),
        (["the red train leaves"], 4, 1.0),
        (["the red train", "the red train"], 4, 1.0),  # all is in the window: there is no earlier
        (["the red train", "", "", "", ""], 4, 1.0),
        (["one", "two", "three", "four", "five"], 4, 1.0),  # no pair of words
        # the-red red-train train-leaves | the-red red-train train-waits
        (["The red train leaves", "the RED train waits"], 1, 1 / 3),
        # said before: a-b b-c; in the window: a-b b-c c-d d-e
        (["a b c", "x y", "a b", "b c d", "d, e", "a b"], 4, 2 / 4),
        (["a b c", "x y", "a b c", "x y", "a b c", "x y"], 4, 0.0),
        (["one two", "two one"], 1, 1.0),
    ],
)
def test_the_share_of_pairs_that_are_new(said: list[str], window: int, new: float) -> None:
    messages = [user(each) for each in said]
    assert novelty(messages, window) == pytest.approx(new)


def test_the_same_use_of_a_tool_and_the_same_result_are_nothing_new() -> None:
    rounds = [round_of(f"u-{at}", "no such file here", "a b c") for at in range(4)]
    messages = [user("Go"), *(message for each in rounds for message in each)]
    assert novelty(messages, 4) == 0.0


def full(tokens: int, *last: str) -> list[Message]:
    """Messages of so many tokens that end with `last`; before that, words are only said twice."""
    after = [assistant(each) for each in last]
    taken = session_of(*after).history_tokens + 8
    return [user("yes yes yes yes"), user(of(tokens - taken)), *after]


@pytest.mark.parametrize(
    ("tokens", "last", "is_due"),
    [
        (700, "yes yes", False),
        (701, "yes yes", True),
        (701, "no no", False),
        (900, "no no", False),
        (901, "no no", True),
    ],
)
def test_when_it_is_due(tokens: int, last: str, is_due: bool) -> None:
    session = session_of(*full(tokens, *[last] * 4))
    assert session.history_tokens == tokens
    assert NoveltyAware(Trim()).is_due(session) is is_due


def test_novelty_at_the_border_is_enough() -> None:
    said = ["a b c d e f g h", "a b c d e f g h i j k"]  # 3 of 10 pairs are new
    session = session_of(*map(user, said), context_tokens=20)
    assert 0.7 < session.history_tokens / 20 <= 0.9
    assert not NoveltyAware(Trim(), window=1).is_due(session)
    assert NoveltyAware(Trim(), window=1, novelty=0.31).is_due(session)


async def test_the_inner_one_makes_the_room() -> None:
    session = session_of(user(of(400)), assistant(of(400)), user("Task"))
    strategy = NoveltyAware(Trim())
    await strategy.compact(session, None)
    assert session.messages == (user("Task"),)
    assert strategy.name == "novelty_aware(trim)"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"high": 1.5}, "high is 1.5;"),
        ({"moderate": 0.95}, "moderate is 0.95;"),
        ({"novelty": 0}, "novelty is 0;"),
        ({"window": 0}, "window is 0;"),
    ],
)
def test_numbers_out_of_range(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        NoveltyAware(Trim(), **wrong)  # pyright: ignore[reportArgumentType]
