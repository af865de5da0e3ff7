"""A model that is asked again where that may help, and no more often."""

import anyio
import pytest

from toolyard.core.errors import (
    InvalidRequest,
    KeyRefused,
    ModelError,
    ModelUnreachable,
    QuotaSpent,
    RateLimited,
    TokenLimit,
)
from toolyard.llm.chat import ChatRequest, Reply, TextDelta
from toolyard.llm.message import user
from toolyard.llm.retrying import Retrying, RetryPolicy
from toolyard.llm.scripted_model import ScriptedModel

HELLO = ChatRequest([user("Hello")])
QUICK = RetryPolicy(wait_s=0.001, jitter_s=0.0)


@pytest.mark.parametrize("error", [RateLimited("Busy."), ModelUnreachable("Away.")])
async def test_what_may_pass_is_tried_again(error: ModelError) -> None:
    script = ScriptedModel(error, error, "Hi")
    assert (await Retrying(script, QUICK).reply(HELLO)).text == "Hi"
    assert len(script.requests) == 3


@pytest.mark.parametrize(
    "error",
    [
        TokenLimit("Long."),
        QuotaSpent("Empty."),
        InvalidRequest("Odd."),
        KeyRefused("Who?"),
        ModelError("No."),
    ],
)
async def test_what_will_not_pass_is_not(error: ModelError) -> None:
    script = ScriptedModel(error, "Hi")
    with pytest.raises(type(error)):
        await Retrying(script, QUICK).reply(HELLO)
    assert len(script.requests) == 1


async def test_the_last_error_is_raised() -> None:
    script = ScriptedModel(RateLimited("One."), RateLimited("Two."), RateLimited("Three."), "Hi")
    with pytest.raises(RateLimited, match="Three"):
        await Retrying(script, QUICK).reply(HELLO)


async def test_the_policy_is_read_for_each_request() -> None:
    script = ScriptedModel(RateLimited("One."), RateLimited("Two."), "Hi")
    retrying = Retrying(script, RetryPolicy(attempts=1))
    with pytest.raises(RateLimited, match="One"):
        await retrying.reply(HELLO)
    retrying.policy = QUICK
    assert (await retrying.reply(HELLO)).text == "Hi"


async def test_it_waits_as_long_as_the_provider_asks() -> None:
    script = ScriptedModel(RateLimited("Busy.", wait_s=0.3), "Hi")
    begun = anyio.current_time()
    await Retrying(script, QUICK).reply(HELLO)
    assert anyio.current_time() - begun >= 0.3


@pytest.mark.parametrize("wait_s", [31.0, 3600.0])
async def test_it_does_not_wait_for_what_takes_too_long(wait_s: float) -> None:
    script = ScriptedModel(RateLimited("Busy.", wait_s=wait_s), "Hi")
    with pytest.raises(RateLimited):
        await Retrying(script, QUICK).reply(HELLO)


async def test_it_does_not_wait_beyond_the_deadline() -> None:
    script = ScriptedModel(RateLimited("Busy.", wait_s=20), "Hi")
    with anyio.fail_after(5), pytest.raises(RateLimited):
        await Retrying(script, QUICK).reply(HELLO)


async def test_a_stream_is_tried_again_until_it_has_begun() -> None:
    script = ScriptedModel(RateLimited("Busy."), "Hi there")
    pieces = [piece async for piece in Retrying(script, QUICK).stream(HELLO)]
    assert pieces[:2] == [TextDelta("Hi"), TextDelta(" there")]
    assert isinstance(pieces[2], Reply)


async def test_a_stream_that_has_begun_is_not() -> None:
    class Breaking:
        asked = 0

        async def reply(self, request: ChatRequest) -> Reply:
            raise AssertionError

        async def stream(self, request: ChatRequest):
            self.asked += 1
            yield TextDelta("Hi")
            raise ModelUnreachable("Gone.")

    model = Breaking()
    pieces = Retrying(model, QUICK).stream(HELLO)
    assert await anext(pieces) == TextDelta("Hi")
    with pytest.raises(ModelUnreachable):
        await anext(pieces)
    assert model.asked == 1
