"""Trimming: when it is due, and what is left."""

import pytest
from tests.agents.context.conversations import of, round_of, session_of

from toolyard import ConfigError, Trim
from toolyard.llm.message import assistant, user


@pytest.mark.parametrize(
    ("tokens", "is_due"), [(850, False), (851, True), (1_000, True), (5, False)]
)
def test_it_is_due_over_its_share_only(tokens: int, is_due: bool) -> None:
    assert Trim().is_due(session_of(user(of(tokens)))) is is_due


def test_where_a_model_takes_nothing_it_never_is() -> None:
    assert not Trim().is_due(session_of(user(of(500)), context_tokens=0))


async def test_it_leaves_much_less_than_is_needed_so_that_it_is_not_due_again_soon() -> None:
    said = [each for _ in range(9) for each in (user(of(50)), assistant(of(50)))]
    session = session_of(*said)
    await Trim().compact(session, None)
    assert session.history_tokens == 600
    assert session.messages == tuple(said[-12:])


async def test_what_the_model_has_not_answered_yet_stays_whatever_its_size() -> None:
    old, last = round_of("u-1", of(100)), round_of("u-2", of(900))
    session = session_of(user("Before"), assistant("Yes"), user("Task"), *old, *last, user("Hurry"))
    await Trim().compact(session, None)
    assert session.messages == (user("Task"), *last, user("Hurry"))


@pytest.mark.parametrize(
    ("over", "to", "said"),
    [(0, 0.5, "over is 0;"), (1.1, 0.5, "over is 1.1;"), (0.8, 0.9, "to is 0.9;"), (0.8, 0, "to ")],
)
def test_shares_that_are_none(over: float, to: float, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Trim(over=over, to=to)
