"""Models that need no provider."""

import pytest

from toolyard.core.errors import ModelError
from toolyard.llm.chat import ChatRequest, Reply, TextDelta, ToolUseDelta
from toolyard.llm.message import ToolUse, assistant, system, user
from toolyard.llm.scripted_model import EchoModel, ScriptedModel

HELLO = ChatRequest([system("Be brief."), user("Hello  there, Mai")])


async def test_it_keeps_to_its_script() -> None:
    use = ToolUse("u-1", "add", {"a": 1})
    script = ScriptedModel("Hi", use, assistant("Well", use), Reply.of("Bye"))
    replies = [await script.reply(HELLO) for _ in range(4)]
    assert [reply.text for reply in replies] == ["Hi", "", "Well", "Bye"]
    assert [reply.finish for reply in replies] == ["stop", "tool_use", "tool_use", "stop"]
    assert script.requests == [HELLO] * 4


async def test_a_line_may_be_made_of_the_request() -> None:
    script = ScriptedModel(lambda request: request.messages[-1].text.upper())
    assert (await script.reply(HELLO)).text == "HELLO  THERE, MAI"


async def test_after_its_end_it_says_so() -> None:
    with pytest.raises(ModelError, match="ended after 0 answers"):
        await ScriptedModel().reply(HELLO)


async def test_its_stream_is_the_same_word_by_word() -> None:
    *deltas, reply = [piece async for piece in ScriptedModel("Hi  there, Mai ").stream(HELLO)]
    assert isinstance(reply, Reply)
    assert "".join(each.text for each in deltas if isinstance(each, TextDelta)) == reply.text
    assert len(deltas) > 2


async def test_its_stream_tells_of_tools() -> None:
    script = ScriptedModel(assistant("Well", ToolUse("u-1", "add", {"a": 1})))
    *deltas, _ = [piece async for piece in script.stream(HELLO)]
    assert deltas == [TextDelta("Well"), ToolUseDelta(0, "u-1", "add", '{"a": 1}')]


async def test_an_echo() -> None:
    reply = await EchoModel().reply(HELLO)
    assert (reply.text, reply.model) == ("Hello  there, Mai", "echo")
    assert reply.usage.total_tokens > 0
    *deltas, _ = [piece async for piece in EchoModel().stream(HELLO)]
    assert "".join(each.text for each in deltas if isinstance(each, TextDelta)) == reply.text
