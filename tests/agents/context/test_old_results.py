"""Dropping old results of tools first: which, and when somebody else is asked."""

import pytest
from tests.agents.context.conversations import of, round_of, session_of

from toolyard import ConfigError, DropOldResults, Image, LLMSession, Text, Trim
from toolyard.agents.context.old_results import DROPPED
from toolyard.llm.message import Message, ToolUseResult, assistant, user

ROUNDS = [round_of(f"u-{at}", of(200)) for at in range(5)]
DROPPED_ROUNDS = [round_of(f"u-{at}", DROPPED) for at in range(5)]


def flat(rounds: list[tuple[Message, Message]]) -> list[Message]:
    return [message for each in rounds for message in each]


async def test_all_results_but_the_last_are_emptied_and_nothing_else_is_touched() -> None:
    session = session_of(user("Task"), *flat(ROUNDS), context_tokens=1_200)
    strategy = DropOldResults(Trim(), keep_rounds=2)
    assert strategy.is_due(session)
    await strategy.compact(session, None)
    assert session.messages == (user("Task"), *flat(DROPPED_ROUNDS[:3]), *flat(ROUNDS[3:]))
    assert not strategy.is_due(session)


async def test_the_next_strategy_acts_only_where_that_is_not_enough() -> None:
    session = session_of(user("Old"), assistant(of(400)), user("Task"), *flat(ROUNDS))
    await DropOldResults(Trim(to=0.8), keep_rounds=3).compact(session, None)
    assert session.messages == (user("Task"), *flat(DROPPED_ROUNDS[:2]), *flat(ROUNDS[2:]))


async def test_where_nothing_is_left_to_drop_the_next_strategy_makes_the_room() -> None:
    session = session_of(user(of(400)), assistant(of(400)), user("Task"))
    await DropOldResults(Trim()).compact(session, None)
    assert session.messages == (user("Task"),)


async def test_small_results_stay_and_pictures_and_errors_are_dropped() -> None:
    small, picture = round_of("u-1", "3"), round_of("u-2", Image(b"png"))
    asked, failed = round_of("u-3", "")
    failed = Message("tool", (ToolUseResult("u-3", "add", (Text(of(99)),), is_error=True),))
    session = session_of(user("Task"), *small, *picture, asked, failed, *ROUNDS[0])
    await DropOldResults(Trim(), keep_rounds=1).compact(session, None)
    said = [part for message in session.messages for part in message.parts]
    results = [part for part in said if isinstance(part, ToolUseResult)]
    assert [each.content[0] for each in results[:3]] == [Text("3"), Text(DROPPED), Text(DROPPED)]
    assert [each.is_error for each in results] == [False, False, True, False]


def full_to(tokens: int, old: int) -> LLMSession:
    """A session of so many tokens, `old` of which are those of a result that can be dropped."""
    first = round_of("u-0", DROPPED + "w" * 4 * old)
    made = [user("Task"), *first, *ROUNDS[1]]
    taken = session_of(*made).history_tokens
    return session_of(user("Task" + "w" * 4 * (tokens - taken)), *made[1:])


@pytest.mark.parametrize(
    ("tokens", "old", "is_due"),
    [(700, 300, False), (701, 300, True), (701, 125, True), (701, 124, False), (851, 0, True)],
)
def test_when_it_is_due(tokens: int, old: int, is_due: bool) -> None:
    session = full_to(tokens, old)
    assert session.history_tokens == tokens
    assert DropOldResults(Trim(), keep_rounds=1, gain=0.125).is_due(session) is is_due


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"over": 0}, "over"), ({"gain": 2}, "gain"), ({"keep_rounds": 0}, "keep_rounds is 0;")],
)
def test_numbers_out_of_range(wrong: dict[str, int], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        DropOldResults(Trim(), **wrong)


def test_it_says_what_it_asks() -> None:
    assert DropOldResults(Trim()).name == "drop_old_results(trim)"
