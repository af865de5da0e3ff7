"""Answers of a type: asked for, read, and asked for again where they do not fit."""

from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from toolyard.core.errors import ContentFiltered, PromptError, UnfitReply
from toolyard.llm.chat import ChatRequest, Finish, Reply
from toolyard.llm.complete import structured_complete
from toolyard.llm.message import assistant, user
from toolyard.llm.scripted_model import ScriptedModel
from toolyard.llm.session import LLMSession
from toolyard.llm.strict_schema import is_strict


class City(BaseModel):
    name: str
    people: int = 0
    nicknames: list[str] = []


class Node(BaseModel):
    value: int
    children: list["Node"] = []


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Kept(ScriptedModel):
    keeps_to_schemas = True


LIMA = '{"name": "Lima", "people": 10}'


async def test_a_value_of_a_type() -> None:
    script = ScriptedModel(LIMA)
    city = await structured_complete(City, "A city?", model=script)
    assert city == City(name="Lima", people=10)


async def test_the_schema_reaches_the_model_as_providers_want_it() -> None:
    script = Kept(LIMA)
    await structured_complete(City, "A city?", model=script)
    (request,) = script.requests
    assert request.output is not None
    assert request.output.name == "City"
    assert is_strict(request.output.schema)
    assert [message.role for message in request.messages] == ["user"]


async def test_a_model_that_nobody_keeps_to_it_is_told_the_schema() -> None:
    script = ScriptedModel(LIMA, LIMA)
    await structured_complete(City, "A city?", model=script, system_prompt="Be right.")
    await structured_complete(City, "A city?", model=script)
    for request, start in zip(
        script.requests, ("Be right.\n\nIMPORTANT", "IMPORTANT"), strict=True
    ):
        assert request.messages[0].role == "system"
        assert request.messages[0].text.startswith(start)
        assert '"people"' in request.messages[0].text


@pytest.mark.parametrize(
    ("kind", "answer", "value"),
    [
        (list[int], '{"result": [1, 2]}', [1, 2]),
        (int, '{"result": 3}', 3),
        (Colour, '{"result": "red"}', Colour.RED),
        (Literal["a", "b"], '{"result": "b"}', "b"),
        (City | None, '{"result": null}', None),
        (dict[str, int], '{"a": 1}', {"a": 1}),
        (Node, '{"value": 1, "children": [{"value": 2}]}', Node(value=1, children=[Node(value=2)])),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, '{"a": 1}', {"a": 1}),
    ],
)
async def test_any_type_will_do(kind: Any, answer: str, value: Any) -> None:
    script = ScriptedModel(f"Here you are:\n```json\n{answer}\n```")
    assert await LLMSession(script).send_for(kind, "Go") == value
    output = script.requests[0].output
    assert output is not None
    assert output.schema["type"] == "object"


async def test_what_json_cannot_say_is_refused_before_anybody_is_asked() -> None:
    script = ScriptedModel(LIMA)
    with pytest.raises(PromptError):
        await structured_complete(type(script), "Go", model=script)
    assert not script.requests


async def test_an_answer_that_does_not_fit_is_asked_for_again() -> None:
    script = Kept('{"name": 5}', "None", LIMA)
    session = LLMSession(script)
    assert await session.send_for(City, "A city?") == City(name="Lima", people=10)
    told = script.requests[2].messages
    assert [message.role for message in told] == ["user", "assistant", "user", "assistant", "user"]
    assert "name" in told[2].text
    assert session.messages == (user("A city?"), assistant(LIMA))
    assert session.usage.calls == 3


async def test_it_is_asked_for_three_times_and_no_more() -> None:
    script = ScriptedModel("No", "No", "No", LIMA)
    session = LLMSession(script)
    with pytest.raises(UnfitReply) as raised:
        await session.send_for(City, "A city?")
    assert raised.value.reply == "No"
    assert session.messages == ()
    assert session.usage.calls == 3  # they were paid for


@pytest.mark.parametrize(
    ("finish", "error"),
    [("refusal", UnfitReply), ("length", UnfitReply), ("content_filter", ContentFiltered)],
)
async def test_a_broken_answer_is_not_asked_for_again(
    finish: Finish, error: type[Exception]
) -> None:
    script = ScriptedModel(Reply(assistant(LIMA), finish=finish), LIMA)
    with pytest.raises(error):
        await structured_complete(City, "A city?", model=script)
    assert len(script.requests) == 1


async def test_what_was_said_before_is_known() -> None:
    def answer(request: ChatRequest) -> str:
        assert request.messages[-3].text == "I like Lima"
        return LIMA

    session = LLMSession(Kept("Fine", answer))
    await session.send("I like Lima")
    await session.send_for(City, "Which city?")
