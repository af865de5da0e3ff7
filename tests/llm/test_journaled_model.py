"""A model whose answers are kept in a journal."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from toolyard.core.content import Image, Text
from toolyard.core.errors import ModelUnreachable, RateLimited, RunDiverged
from toolyard.core.tool import Tool
from toolyard.llm.budget import Budget, Budgeted, BudgetLimits
from toolyard.llm.chat import ChatRequest, OutputSchema, Reply, TextDelta
from toolyard.llm.journaled_model import JournaledModel
from toolyard.llm.message import (
    Message,
    Reasoning,
    ToolUse,
    ToolUseResult,
    assistant,
    system,
    user,
)
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.scripted_model import Line, ScriptedModel
from toolyard.llm.session import LLMSession
from toolyard.llm.usage import Usage
from toolyard.storage.journal.journal import StepRecord
from toolyard.storage.journal.sqlite_journal import SqliteJournal
from toolyard.storage.journal.steps import Steps

HELLO = ChatRequest([system("Be kind."), user("Hello")])


class Runs:
    """One run, opened again and again."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @asynccontextmanager
    async def model(self, *lines: Line) -> AsyncGenerator[JournaledModel]:
        async with SqliteJournal(self.file) as journal, journal.open("r", "demo", None) as run:
            yield JournaledModel(ScriptedModel(*lines), Steps(run).child("Mai"))

    async def steps(self) -> list[StepRecord]:
        async with SqliteJournal(self.file) as journal:
            return list(await journal.steps("r"))


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path / "journal.db")


WHOLE = Reply(
    Message(
        "assistant",
        (
            Reasoning("Hm", signature="s"),
            Text("Let me see"),
            ToolUse("1", "add", {"a": [1, None, 2.5], "é": "\x00"}),
            ToolUse("2", "add", {}, malformed="{", signature="t"),
        ),
        "own:m",
    ),
    Usage(input_tokens=3, output_tokens=4, cached_tokens=1, reasoning_tokens=2),
    "tool_use",
    "own:m",
)


async def test_an_answer_is_recalled_as_it_was(runs: Runs) -> None:
    async with runs.model(WHOLE) as model:
        assert await model.reply(HELLO) == WHOLE
    async with runs.model() as model:
        again = await model.reply(HELLO)
    assert again == WHOLE
    assert again.message.model == "own:m"
    (step,) = await runs.steps()
    assert (step.path, step.name, step.n, step.kind, step.state) == (
        ("Mai",),
        "model",
        0,
        "model",
        "done",
    )


async def test_a_stream_is_recalled_in_pieces(runs: Runs) -> None:
    async with runs.model("one two") as model:
        live = [piece async for piece in model.stream(HELLO)]
    assert live[:2] == [TextDelta("one"), TextDelta(" two")]
    async with runs.model() as model:
        assert [piece async for piece in model.stream(HELLO)] == [TextDelta("one two"), live[-1]]
    async with runs.model() as model:
        assert await model.reply(HELLO) == live[-1]


async def test_a_stream_that_breaks_is_asked_for_again(runs: Runs) -> None:
    with pytest.raises(ModelUnreachable):
        async with runs.model(ModelUnreachable("down")) as model:
            _ = [piece async for piece in model.stream(HELLO)]
    async with runs.model("up") as model:
        *_, reply = [piece async for piece in model.stream(HELLO)]
    assert isinstance(reply, Reply)
    assert reply.text == "up"
    (step,) = await runs.steps()
    assert (step.attempts, step.is_flagged) == (2, False)


async def test_a_stream_that_is_not_heard_to_its_end_is_in_flight(runs: Runs) -> None:
    async with runs.model("one two") as model:
        stream = model.stream(HELLO)
        await anext(stream)
        await stream.aclose()
    assert [each.state for each in await runs.steps()] == ["intent"]
    async with runs.model("again") as model:
        assert (await model.reply(HELLO)).text == "again"
    assert [each.is_flagged for each in await runs.steps()] == [True]


async def test_an_error_that_was_dealt_with_is_raised_again(runs: Runs) -> None:
    async def talk(model: JournaledModel) -> str:
        with pytest.raises(RateLimited, match="slowly"):
            await model.reply(HELLO)
        return (await model.reply(HELLO)).text

    async with runs.model(RateLimited("slowly"), "there") as model:
        assert await talk(model) == "there"
    async with runs.model() as model:
        assert await talk(model) == "there"


@pytest.mark.parametrize(
    "other",
    [
        ChatRequest([system("Be rude."), user("Hello")]),
        ChatRequest([*HELLO.messages, assistant("Hi")]),
        ChatRequest(HELLO.messages, output=OutputSchema("city", {"type": "object"})),
        ChatRequest(HELLO.messages, settings=ModelSettings(temperature=0.5)),
    ],
)
async def test_another_question_is_loud(runs: Runs, other: ChatRequest) -> None:
    async with runs.model("Hi") as model:
        await model.reply(HELLO)
    with pytest.raises(RunDiverged, match="Mai/model#0"):
        async with runs.model() as model:
            await model.reply(other)


async def test_tools_may_be_swapped_meanwhile(runs: Runs) -> None:
    async with runs.model("Hi") as model:
        await model.reply(HELLO)
    tools = [Tool("new", "New.", {"type": "object"})]
    async with runs.model() as model:
        assert (await model.reply(ChatRequest(HELLO.messages, tools, "none"))).text == "Hi"


async def test_a_conversation_is_written_down_once(runs: Runs) -> None:
    async def talk(model: JournaledModel) -> None:
        session = LLMSession(model, system_prompt="Be kind.")
        for number in range(4):
            await session.send(f"Question {number}", Image(b"\x00\xff"))

    async with runs.model(*"abcd") as model:
        await talk(model)
    async with runs.model() as model:
        await talk(model)
    steps = await runs.steps()
    assert [len(each.input["messages"]) for each in steps] == [2, 2, 2, 2]
    assert [each.input["after"] is None for each in steps] == [True, False, False, False]
    assert steps[3].input["messages"][0]["parts"][0]["text"] == "c"


async def test_what_was_said_before_matters_too(runs: Runs) -> None:
    async def talk(model: JournaledModel, first: str) -> None:
        await model.reply(ChatRequest([user(first)]))
        await model.reply(ChatRequest([user("Hello"), assistant("Hi"), user("More")]))

    async with runs.model("Hi", "There") as model:
        await talk(model, "Hello")
    with pytest.raises(RunDiverged, match="model#0"):
        async with runs.model() as model:
            await talk(model, "hello")


async def test_tools_that_share_an_id_are_told_apart_once(runs: Runs) -> None:
    twice = assistant(ToolUse("x", "add", {"a": 1}), ToolUse("x", "add", {"a": 2}))

    async def talk(model: JournaledModel) -> list[str]:
        session = LLMSession(model)
        ids = [use.id for use in (await session.send("Go")).tool_uses]
        await session.send(*[ToolUseResult(each, "add", (Text("3"),)) for each in ids])
        return ids

    async with runs.model(twice, "Done") as model:
        ids = await talk(model)
    assert len(set(ids)) == 2
    async with runs.model() as model:
        assert await talk(model) == ids


async def test_what_is_recalled_counts(runs: Runs) -> None:
    for lines in (["Hi"], []):
        async with runs.model(*lines) as model:
            budget = Budget(BudgetLimits(calls=5))
            await Budgeted(model, budget).reply(HELLO)
            assert budget.used.calls == 1
            assert budget.used.total_tokens > 0
