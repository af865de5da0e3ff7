"""A conversation: what is remembered, what it took, and what a failure leaves behind."""

from decimal import Decimal
from typing import Any

import anyio
import pytest

from toolyard import Image, Text, Tool
from toolyard.core.errors import ModelError, RateLimited
from toolyard.llm.chat import ChatRequest, OutputSchema, Reply, TextDelta
from toolyard.llm.message import (
    Message,
    ToolUse,
    ToolUseResult,
    assistant,
    system,
    tool_results,
    user,
)
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.prices import ListPrices, Price
from toolyard.llm.scripted_model import ScriptedModel
from toolyard.llm.session import NOT_RUN, LLMSession
from toolyard.llm.token_estimate import tokens_in
from toolyard.llm.usage import NO_USAGE, Usage

ADD = Tool("add", "Adds.", {"type": "object"})
USE = ToolUse("u-1", "add", {"a": 1})


async def test_what_was_said_is_remembered() -> None:
    script = ScriptedModel("Hi, Mai", "You are Mai")
    session = LLMSession(script, system_prompt="Be brief.")
    await session.send("I am Mai")
    assert (await session.send("Who am I?")).text == "You are Mai"
    assert script.requests[1].messages == (
        system("Be brief."),
        user("I am Mai"),
        assistant("Hi, Mai"),
        user("Who am I?"),
    )
    assert session.messages[-1] == assistant("You are Mai")


async def test_settings_tools_and_schema_reach_the_model() -> None:
    script = ScriptedModel("{}")
    session = LLMSession(script, settings=ModelSettings(temperature=0.5, seed=1))
    output = OutputSchema("it", {"type": "object"})
    await session.send("Hi", tools=[ADD], output=output, settings=ModelSettings(seed=2))
    asked = script.requests[0]
    assert asked.settings == ModelSettings(temperature=0.5, seed=2)
    assert (asked.tools, asked.output) == ([ADD], output)


async def test_pictures_are_said_in_order() -> None:
    script = ScriptedModel("A dot")
    await LLMSession(script).send("What is", Image(b"png"), "this?")
    assert script.requests[0].messages[-1].parts == (Text("What is"), Image(b"png"), Text("this?"))


async def test_what_it_took_adds_up() -> None:
    took = Usage(input_tokens=1_000_000, output_tokens=500_000)
    script = ScriptedModel(*[Reply(assistant("Hi"), took, model="own:m")] * 2)
    session = LLMSession(script, prices=ListPrices({"own:m": Price(input=1, output=2)}))
    await session.send("Hi")
    await session.send("Hi")
    assert session.usage == took + took
    assert session.cost_usd == Decimal(4)


async def test_a_cost_that_is_not_known_is_not_made_up() -> None:
    session = LLMSession(ScriptedModel("Hi", model="mine"))
    assert session.cost_usd == 0
    await session.send("Hi")
    assert session.cost_usd is None


async def test_a_call_that_fails_leaves_everything_as_it_was() -> None:
    session = LLMSession(ScriptedModel("Hi", RateLimited("Busy."), "Bye"))
    await session.send("Hello")
    before = (session.messages, session.usage)
    with pytest.raises(RateLimited):
        await session.send("Lost")
    assert (session.messages, session.usage) == before
    await session.send("Farewell")
    assert "Lost" not in str(session.messages)


class Slow:
    def __init__(self) -> None:
        self.asked = anyio.Event()

    async def reply(self, request: ChatRequest) -> Reply:
        self.asked.set()
        await anyio.sleep_forever()
        raise AssertionError


async def test_so_does_one_that_is_cancelled() -> None:
    slow = Slow()
    session = LLMSession(slow)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(session.send, "Hello")
        await slow.asked.wait()
        tasks.cancel_scope.cancel()
    assert session.messages == ()
    session.model = ScriptedModel("Hi")
    with anyio.fail_after(5):
        await session.send("Hello")


async def test_a_stream_is_remembered_once_it_is_over() -> None:
    session = LLMSession(ScriptedModel("Hi there"))
    pieces = session.stream("Hello")
    assert await anext(pieces) == TextDelta("Hi")
    assert session.messages == ()
    *_, last = [piece async for piece in pieces]
    assert isinstance(last, Reply)
    assert session.messages == (user("Hello"), assistant("Hi there"))


async def test_a_stream_that_is_given_up_is_not() -> None:
    session = LLMSession(ScriptedModel("Hi there", "Bye"))
    pieces = session.stream("Hello")
    await anext(pieces)
    await pieces.aclose()
    assert (session.messages, session.usage) == ((), NO_USAGE)
    with anyio.fail_after(5):
        await session.send("Farewell")


async def test_requests_follow_each_other() -> None:
    session = LLMSession(ScriptedModel(*(["Yes"] * 20)))
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(session.send, str(number))
    assert [message.role for message in session.messages] == ["user", "assistant"] * 20


async def test_tools_and_their_results() -> None:
    script = ScriptedModel(assistant("Sure", USE), "3")
    session = LLMSession(script)
    await session.send("Add", tools=[ADD])
    assert session.pending == (USE,)
    result = ToolUseResult("u-1", "add", (Text("3"),))
    await session.send(result, tools=[ADD])
    assert session.pending == ()
    assert session.messages == (
        user("Add"),
        assistant("Sure", USE),
        tool_results(result),
        assistant("3"),
    )


async def test_a_tool_that_nothing_is_said_of_was_not_run() -> None:
    other = ToolUse("u-2", "add", {})
    script = ScriptedModel(assistant(USE, other), "Well")
    session = LLMSession(script)
    await session.send("Add")
    result = ToolUseResult("u-2", "add", (Text("0"),))
    await session.send("Never mind", result)
    told, spoken = session.messages[2:4]
    not_run = ToolUseResult("u-1", "add", (Text(NOT_RUN),), is_error=True)
    assert told == tool_results(not_run, result)
    assert spoken == user("Never mind")


@pytest.mark.parametrize("said", [[], [ToolUseResult("u-9", "add", ())]])
async def test_what_cannot_be_said(said: list[Any]) -> None:
    session = LLMSession(ScriptedModel("Hi"))
    with pytest.raises(ValueError, match=r"nothing to send|no tool with the id 'u-9'"):
        await session.send(*said)
    assert (await session.send("Hello")).text == "Hi"


async def test_what_is_told_is_heard_with_what_is_sent_next() -> None:
    script = ScriptedModel(assistant(USE), "3", "Yes")
    session = LLMSession(script)
    await session.send("Add", tools=[ADD])
    result = ToolUseResult("u-1", "add", (Text("3"),))
    session.tell(result)
    assert session.messages[-1] == tool_results(result)
    assert (await session.send()).text == "3"  # nothing more need be said
    with pytest.raises(ValueError, match="nothing to send"):
        await session.send()
    session.tell("By the way")
    await session.send("Right?")
    heard = [message.text for message in script.requests[-1].messages if message.role == "user"]
    assert heard == ["Add", "By the way", "Right?"]


async def test_a_long_conversation_is_not_counted_again_each_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted = list[Message]()

    def counting(message: Message) -> int:
        counted.append(message)
        return tokens_in(message)

    monkeypatch.setattr("toolyard.llm.history.tokens_in", counting)
    session = LLMSession(ScriptedModel(*["Hi"] * 50))
    for _ in range(50):
        await session.send("Hello")
    assert len(counted) == 100
    assert session.history_tokens == sum(map(tokens_in, session.messages))


async def test_an_answer_of_nothing_is_not_remembered() -> None:
    session = LLMSession(ScriptedModel(Reply(Message("assistant", ()))))
    await session.send("Hello")
    assert session.messages == (user("Hello"),)


async def test_the_oldest_is_forgotten_and_the_rest_stays_whole() -> None:
    script = ScriptedModel(*["word " * 100] * 30)
    session = LLMSession(script, system_prompt="Be long.", context_tokens=1000)
    for number in range(30):
        await session.send(f"{number} " + "word " * 100)
    last = script.requests[-1].messages
    assert last[0] == system("Be long.")
    assert last[-1].text.startswith("29 ")
    assert 3 < len(last) < 12
    assert last[1].role == "user"


async def test_what_is_being_sent_is_never_forgotten() -> None:
    script = ScriptedModel("Hi", "Long")
    session = LLMSession(script, system_prompt="Be kind.", context_tokens=50)
    await session.send("Hello")
    await session.send("word " * 10_000)
    assert [message.role for message in script.requests[-1].messages] == ["system", "user"]


async def test_estimates_are_put_right_by_what_the_provider_counts() -> None:
    def counting(request: ChatRequest) -> Reply:
        said = sum(len(message.text) for message in request.messages)
        return Reply(assistant("ok"), Usage(input_tokens=4 * said // 5, output_tokens=1))

    session = LLMSession(ScriptedModel(*[counting] * 9), context_tokens=1000)
    await session.send("word " * 100)  # 500 letters: 129 by our estimate, 400 by theirs
    assert 350 < session.history_tokens < 450
    await session.send("word " * 100)
    await session.send("word " * 100)
    assert len(session.messages) == 4


async def test_a_fork_goes_its_own_way() -> None:
    session = LLMSession(ScriptedModel("Hi", "Left", "Right"), system_prompt="Be brief.")
    await session.send("Hello")
    other = session.fork()
    await session.send("Go left")
    await other.send("Go right")
    assert session.messages[:2] == other.messages[:2]
    assert (session.messages[3].text, other.messages[3].text) == ("Left", "Right")
    assert (other.system_prompt, other.usage.calls) == ("Be brief.", 1)


async def test_it_can_be_cleared() -> None:
    session = LLMSession(ScriptedModel("Hi"))
    await session.send("Hello")
    session.clear()
    assert session.messages == ()
    assert session.usage.calls == 1


async def test_the_model_may_be_replaced() -> None:
    session = LLMSession(ScriptedModel(ModelError("No.")))
    session.model = ScriptedModel("Yes")
    assert (await session.send("Hello")).text == "Yes"
