"""An agent and its chain of thoughts: written down, found again, taken up."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from toolyard import (
    Agent,
    LLMSession,
    ScriptedModel,
    SelfCompression,
    Text,
    ThoughtChain,
    ToolUse,
    thought_tools,
)
from toolyard.core.errors import StoreError
from toolyard.llm.message import ToolUseResult


@pytest.fixture
async def chain(tmp_path: Path) -> AsyncGenerator[ThoughtChain]:
    async with ThoughtChain(tmp_path / "thoughts.jsonl") as opened:
        yield opened


async def test_thoughts_are_written_down_and_taken_up(chain: ThoughtChain) -> None:
    script = ScriptedModel("Yes", "Yes")
    agent = Agent("Mai", script, agent_id="m-1", thoughts=chain)
    await agent.resume()  # there is nothing yet
    assert agent.session.messages == ()
    seen = await agent.commit("finding", "Track 2 is blocked.")
    await agent.commit("question", "Why?")
    await agent.commit("decision", "Use track 3.", refs=[seen.index])
    await chain.append("other", "finding", "It rains.")
    again = agent.fork()
    await again.resume()
    await again.send("Go on")
    heard = script.requests[0].messages[1].text
    assert "[#0] finding (m-1): Track 2 is blocked." in heard
    assert "[#2] decision (m-1): Use track 3. (from #0)" in heard
    assert "Why?" not in heard
    caught_up = agent.fork()
    await caught_up.catch_up(1)
    assert "It rains." in caught_up.session.messages[0].text
    with pytest.raises(StoreError, match="no thought #9"):
        await again.resume(9)


async def test_without_a_chain_there_is_nothing_to_think_into() -> None:
    agent = Agent("Mai", ScriptedModel())
    for doing in (agent.commit("finding", "x"), agent.resume(), agent.catch_up(1)):
        with pytest.raises(StoreError, match="no chain of thoughts"):
            await doing


async def test_a_model_writes_down_thoughts_and_finds_them(chain: ThoughtChain) -> None:
    uses = [
        ToolUse("1", "commit_thought", {"kind": "finding", "text": "Track 2 is blocked."}),
        ToolUse("2", "commit_thought", {"kind": "decision", "text": "Track 3.", "refs": [0]}),
        ToolUse("3", "commit_thought", {"kind": "decision", "text": "Odd.", "refs": [7]}),
        ToolUse("4", "commit_thought", {"kind": "mood", "text": "Odd."}),
        ToolUse("5", "find_thoughts", {"text": "TRACK", "last": 1}),
        ToolUse("6", "find_thoughts", {"kind": "question"}),
    ]
    script = ScriptedModel(*uses, "Done")
    async with Agent("Mai", script, thoughts=chain) as agent:
        await agent.add_protocol("thoughts", thought_tools(agent))
        await agent.send("Think")
    results = [
        part
        for message in agent.session.messages
        for part in message.parts
        if isinstance(part, ToolUseResult)
    ]
    said = [part.text for each in results for part in each.content if isinstance(part, Text)]
    assert said[:2] == ["It is thought #0.", "It is thought #1."]
    assert said[2] == "There is no thought #7 yet; there are 2."
    assert [each.is_error for each in results] == [False, False, True, True, False, False]
    assert said[4:] == ["[#1] decision (Mai): Track 3. (from #0)", "There are none."]
    assert len(await chain.find()) == 2


async def test_compression_in_the_middle_of_a_run_keeps_the_task(chain: ThoughtChain) -> None:
    def much() -> str:
        """Say much."""
        return "wagon " * 340

    script = ScriptedModel(
        ToolUse("1", "much", {}),
        ToolUse("2", "much", {}),
        "1. Wagons were seen twice.",  # the save file
        "Done",
    )
    session = LLMSession(script, context_tokens=1_200)
    agent = Agent(
        "Mai", script, session=session, tools=[much], thoughts=chain, context=SelfCompression()
    )
    async with agent:
        result = await agent.send("Count the wagons, all of them.")
    assert (result.text, result.turns, result.usage.calls) == ("Done", 3, 4)
    assert script.requests[2].tool_choice == "none"
    [system, start] = script.requests[3].messages
    assert system.role == "system"
    assert "Wagons were seen twice." in start.text
    assert "Count the wagons, all of them." in start.text
    assert [each.kind for each in await chain.find()] == ["compression"]


async def test_a_strategy_is_swapped_at_runtime() -> None:
    asked = list[str]()

    class Watching:
        def __init__(self, name: str) -> None:
            self.name = name

        def is_due(self, session: LLMSession) -> bool:
            asked.append(self.name)
            return False

        async def compact(self, session: LLMSession, thoughts: object) -> None:
            raise AssertionError

    def swap() -> None:
        """Swap."""
        agent.set_context(Watching("second"))

    script = ScriptedModel(ToolUse("1", "swap", {}), "Done", "Again")
    async with Agent("Mai", script, tools=[swap], context=Watching("first")) as agent:
        await agent.send("Go")
        await agent.send("Again")
    assert asked == ["first", "second", "second"]  # before each request
