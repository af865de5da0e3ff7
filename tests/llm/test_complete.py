"""One question in one line, and many at once."""

import anyio
import pytest

from toolyard import Image
from toolyard.core.errors import ConfigError, KeyRefused, ModelError, RateLimited
from toolyard.llm.batch import complete_all
from toolyard.llm.chat import ChatRequest, Reply, TextDelta
from toolyard.llm.complete import complete, stream
from toolyard.llm.message import system, user
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.scripted_model import ScriptedModel


async def test_a_named_model_answers() -> None:
    assert (await complete("Hello", model="echo")).text == "Hello"


async def test_a_name_that_is_none() -> None:
    with pytest.raises(ConfigError, match="PROVIDER:MODEL"):
        await complete("Hello", model="gpt-5")


async def test_all_of_it_reaches_the_model() -> None:
    script = ScriptedModel("Hi")
    settings = ModelSettings(temperature=0.3)
    picture = Image(b"png")
    await complete("Hello", picture, model=script, system_prompt="Be kind.", settings=settings)
    (request,) = script.requests
    assert tuple(request.messages) == (system("Be kind."), user("Hello", picture))
    assert request.settings == settings


async def test_a_stream() -> None:
    pieces = [piece async for piece in stream("Hi there", model="echo")]
    assert pieces[:2] == [TextDelta("Hi"), TextDelta(" there")]
    assert isinstance(pieces[-1], Reply)


class Busy:
    """Answers after a while, and knows how many waited at once."""

    def __init__(self) -> None:
        self.waiting = self.most = 0

    async def reply(self, request: ChatRequest) -> Reply:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        text = request.messages[-1].text
        await anyio.sleep(0.01 if text == "0" else 0.001)
        self.waiting -= 1
        return Reply.of(text)


async def test_a_batch_keeps_its_order() -> None:
    busy = Busy()
    questions = [str(number) for number in range(30)]
    answers = await complete_all(questions, model=busy, at_once=4)
    assert [answer.text for answer in answers if isinstance(answer, Reply)] == questions
    assert busy.most == 4


async def test_an_error_takes_the_place_of_its_answer() -> None:
    script = ScriptedModel("One", RateLimited("Busy."), "Three")
    one, two, three = await complete_all(["1", "2", "3"], model=script, at_once=1)
    assert isinstance(two, RateLimited)
    assert [each.text for each in (one, three) if isinstance(each, Reply)] == ["One", "Three"]


async def test_what_would_be_the_same_for_all_ends_the_batch() -> None:
    script = ScriptedModel("One", KeyRefused("Who?"), "Three")
    with pytest.raises(KeyRefused):
        await complete_all(["1", "2", "3"], model=script, at_once=1)
    assert len(script.requests) == 2


async def test_a_batch_of_nothing() -> None:
    assert await complete_all([], model=ScriptedModel()) == []


async def test_a_batch_of_errors() -> None:
    answers = await complete_all(["1", "2"], model=ScriptedModel())
    assert all(isinstance(answer, ModelError) for answer in answers)
