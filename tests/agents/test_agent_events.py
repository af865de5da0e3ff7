"""What an agent says of itself, in order, to handlers that may be slow or broken."""

import time
from typing import Any

import anyio
import pytest

from toolyard import (
    Agent,
    AgentEvent,
    AgentLimits,
    Delivery,
    Event,
    EventBus,
    LLMCallCompleted,
    LLMContentDelta,
    LLMWaiting,
    MessageReceived,
    ModelError,
    ProtocolAdded,
    ProtocolRemoved,
    ScriptedModel,
    SendCompleted,
    SendFailed,
    SendStarted,
    SystemPromptSet,
    ThoughtChain,
    ThoughtCommitted,
    Toolbox,
    ToolCallDetected,
    ToolExecutionCompleted,
    ToolMaxIterationsReached,
    ToolUse,
)
from toolyard.events import agent_events
from toolyard.llm.chat import ChatRequest, Reply


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


class Heard:
    """A bus whose every event is kept."""

    def __init__(self) -> None:
        self.events = list[Any]()
        self.bus = EventBus()
        self.bus.add(self.events.append)

    @property
    def names(self) -> list[str]:
        return [type(each).__name__ for each in self.events]

    def one(self, kind: type[AgentEvent]) -> Any:
        [found] = [each for each in self.events if isinstance(each, kind)]
        return found


async def test_a_run_in_order_with_its_fields() -> None:
    heard = Heard()
    script = ScriptedModel(ToolUse("u-1", "add", {"a": 1, "b": 2}), "Drei, jä")
    async with Agent("Mai", script, tools=[add], agent_id="m-1", on_event=heard.bus) as agent:
        result = await agent.send("x" * 500)
    assert heard.names == [
        "SendStarted",
        "LLMCallStarted",
        "LLMCallCompleted",
        "ToolCallDetected",
        "ToolExecutionCompleted",
        "LLMCallStarted",
        "LLMCallCompleted",
        "SendCompleted",
    ]
    assert {(each.agent_id, each.agent_name) for each in heard.events} == {("m-1", "Mai")}
    assert {each.run_id for each in heard.events} == {result.run_id}
    assert heard.one(SendStarted).message_preview == "x" * 120
    detected, ran = heard.one(ToolCallDetected), heard.one(ToolExecutionCompleted)
    assert (detected.tool_name, detected.parameters, detected.iteration) == (
        "add",
        {"a": 1, "b": 2},
        1,
    )
    assert (ran.success, ran.result, ran.error) == (True, "3", None)
    done = heard.one(SendCompleted)
    assert (done.tokens_used, done.tool_calls_made) == (result.usage.total_tokens, 1)
    assert done.response_length == len("Drei, jä".encode()) == 9
    calls = [each for each in heard.events if isinstance(each, LLMCallCompleted)]
    assert sum(each.tokens_used for each in calls) == done.tokens_used
    assert [each.iteration for each in calls] == [1, 2]


async def test_what_else_it_does() -> None:
    heard = Heard()
    async with Agent("Mai", ScriptedModel(), tools=[Toolbox()], on_event=heard.bus) as agent:
        await agent.add_protocol("sums", Toolbox())
        await agent.remove_protocol("sums")
        agent.set_system_prompt("Secret")
        agent.receive_message("Hello")
        agent.receive_message("I said", role="assistant")
        agent.fork()
        agent.fork_with_context()
    assert heard.names == [
        "ProtocolAdded",
        "ProtocolRemoved",
        "SystemPromptSet",
        "MessageReceived",
        "MessageReceived",
        "Forked",
        "ForkedWithContext",
    ]
    assert heard.one(ProtocolAdded).protocol_name == "sums"
    assert heard.one(ProtocolRemoved).protocol_name == "sums"
    assert "Secret" not in str(heard.one(SystemPromptSet))
    roles = [each.role for each in heard.events if isinstance(each, MessageReceived)]
    assert roles == ["user", "assistant"]


async def test_a_thought_and_a_cap(tmp_path: Any) -> None:
    heard = Heard()
    script = ScriptedModel(ToolUse("u-1", "add", {}), "Well")
    async with (
        ThoughtChain(tmp_path / "t.jsonl") as chain,
        Agent(
            "Mai",
            script,
            tools=[add],
            thoughts=chain,
            limits=AgentLimits(tool_rounds=0),
            on_event=heard.bus,
        ) as agent,
    ):
        await agent.commit("decision", "Stop.")
        await agent.send("Go")
    committed = heard.one(ThoughtCommitted)
    assert (committed.thought_type, committed.index) == ("decision", 0)
    assert heard.one(ToolMaxIterationsReached).max_iterations == 0


async def test_failures_and_cancellations() -> None:
    heard = Heard()
    agent = Agent("Mai", ScriptedModel(ModelError("No luck."), "Hi there"), on_event=heard.bus)
    with pytest.raises(ModelError):
        await agent.send("Hello")
    assert heard.one(SendFailed).error == "No luck."
    heard.events.clear()
    stream = agent.stream("Hello")
    await anext(stream)
    await stream.aclose()
    assert heard.one(SendFailed).error == "cancelled"


async def test_deltas_of_a_stream() -> None:
    heard = Heard()
    agent = Agent("Mai", ScriptedModel("Hi there"), on_event=heard.bus)
    _ = [piece async for piece in agent.stream("Hello")]
    said = [each.text for each in heard.events if isinstance(each, LLMContentDelta)]
    assert said == ["Hi", " there"]
    assert heard.names[-1] == "SendCompleted"


async def test_a_silent_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolyard.agents.waiting.EVERY_S", 0.01)
    enough = anyio.Event()

    class Silent:
        async def reply(self, request: ChatRequest) -> Reply:
            with anyio.fail_after(5):
                await enough.wait()
            return Reply.of("At last")

    waits = list[LLMWaiting]()

    def hear(event: Event) -> None:
        assert isinstance(event, LLMWaiting)
        waits.append(event)
        if len(waits) == 3:
            enough.set()

    bus = EventBus()
    bus.add(hear, LLMWaiting)
    assert (await Agent("Mai", Silent(), on_event=bus).send("Hello")).text == "At last"
    assert [each.phase for each in waits] == ["first_token"] * 3
    elapsed = [each.elapsed_secs for each in waits]
    assert elapsed == sorted(elapsed)
    assert waits[-1].seconds_since_last_token == waits[-1].elapsed_secs > 0.02


async def test_a_slow_handler_and_a_broken_one_slow_and_break_nothing() -> None:
    heard = list[Event]()

    def slow(event: Event) -> None:
        time.sleep(0.02)
        heard.append(event)

    def broken(event: Event) -> None:
        raise RuntimeError("no")

    agent = Agent("Mai", ScriptedModel(*["Hi"] * 20), on_event=slow)
    agent.recipe.bus.add(Delivery(broken))
    agent.recipe.bus.add(broken)
    began = time.perf_counter()
    for _ in range(20):
        await agent.send("Hello")
    assert time.perf_counter() - began < 20 * 4 * 0.02  # what the slow one alone would take
    [delivery] = [each for each, _ in agent.recipe.bus._handlers if isinstance(each, Delivery)][:1]
    assert await delivery.settled(10)
    assert len(heard) == 80


async def test_a_handler_may_use_the_agent() -> None:
    """No lock is held: it may list tools, and say something."""

    def use(event: Event) -> None:
        if isinstance(event, LLMCallCompleted) and event.iteration == 1:
            agent.receive_message("From the handler")
            agent.set_system_prompt("Other.")

    bus = EventBus()
    bus.add(use)
    script = ScriptedModel(ToolUse("u-1", "add", {"a": 1, "b": 1}), "Done")
    async with Agent("Mai", script, tools=[add], on_event=bus) as agent:
        await agent.send("Go")
    assert script.requests[1].messages[-1].text == "From the handler"


def test_every_event_of_an_agent_is_made_somewhere() -> None:
    from tests.support.process import ROOT

    source = "".join(path.read_text() for path in (ROOT / "src/toolyard/agents").rglob("*.py"))
    kinds = [
        name
        for name, each in vars(agent_events).items()
        if isinstance(each, type) and issubclass(each, AgentEvent) and each is not AgentEvent
    ]
    assert len(kinds) > 18
    assert [name for name in kinds if source.count(name) < 2] == []  # imported, and made
