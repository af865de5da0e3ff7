"""Several models as one."""

import logging

import pytest

from toolyard.core.errors import BudgetSpent, InvalidRequest, ModelError, QuotaSpent, RateLimited
from toolyard.llm.chat import ChatRequest, Reply, TextDelta
from toolyard.llm.chat_model import close, pieces_of
from toolyard.llm.fallback import Fallback
from toolyard.llm.message import user
from toolyard.llm.retrying import Retrying
from toolyard.llm.scripted_model import ScriptedModel

HELLO = ChatRequest([user("Hello")])


async def test_the_first_that_answers_is_heard() -> None:
    first, second = ScriptedModel("One"), ScriptedModel("Two")
    assert (await Fallback(first, second).reply(HELLO)).text == "One"
    assert not second.requests


async def test_the_next_is_asked_where_one_gives_no_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = ScriptedModel(RateLimited("Busy.")), ScriptedModel("Two")
    assert (await Fallback(first, second).reply(HELLO)).text == "Two"
    assert "rate_limited" in caplog.text


async def test_the_error_of_the_last_is_raised() -> None:
    models = ScriptedModel(RateLimited("Busy.")), ScriptedModel(ModelError("No."))
    with pytest.raises(ModelError, match="No"):
        await Fallback(*models).reply(HELLO)


@pytest.mark.parametrize("error", [InvalidRequest("Odd."), BudgetSpent("Enough.")])
async def test_what_the_next_would_not_mend_ends_it(error: ModelError) -> None:
    second = ScriptedModel("Two", "Two")
    fallback = Fallback(ScriptedModel(error, error), second)
    with pytest.raises(type(error)):
        await fallback.reply(HELLO)
    with pytest.raises(type(error)):
        await anext(fallback.stream(HELLO))
    assert not second.requests


async def test_a_stream_falls_back_until_it_has_begun(caplog: pytest.LogCaptureFixture) -> None:
    fallback = Fallback(ScriptedModel(QuotaSpent("Empty.")), ScriptedModel("Two"))
    first, last = [piece async for piece in fallback.stream(HELLO)]
    assert first == TextDelta("Two")
    assert isinstance(last, Reply)
    assert caplog.records[0].levelno == logging.ERROR


async def test_a_stream_that_has_begun_does_not() -> None:
    class Breaking:
        async def reply(self, request: ChatRequest) -> Reply:
            raise AssertionError

        async def stream(self, request: ChatRequest):
            yield TextDelta("Hi")
            raise ModelError("Gone.")

    second = ScriptedModel("Two")
    with pytest.raises(ModelError, match="Gone"):
        _ = [piece async for piece in Fallback(Breaking(), second).stream(HELLO)]
    assert not second.requests


async def test_all_of_them_are_closed() -> None:
    closed: list[str] = []

    class Holding(ScriptedModel):
        async def aclose(self) -> None:
            closed.append("closed")

    await close(Fallback(Retrying(Holding()), Holding(), ScriptedModel()))
    assert closed == ["closed", "closed"]


def test_it_needs_a_model() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Fallback()


async def test_a_model_without_a_stream_says_each_part_at_once() -> None:
    class Whole:
        async def reply(self, request: ChatRequest) -> Reply:
            return Reply.of("Hi there")

    assert [piece async for piece in pieces_of(Whole(), HELLO)] == [
        TextDelta("Hi there"),
        Reply.of("Hi there"),
    ]
