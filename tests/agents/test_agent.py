"""An agent: its conversation, its forks, and what others say to it."""

from collections.abc import Sequence

import anyio
import anyio.lowlevel
import pytest
from pydantic import BaseModel

from toolyard import Text, Toolbox
from toolyard.agents.agent import Agent
from toolyard.agents.limits import AgentLimits
from toolyard.agents.run_result import RunResult, ToolFinished, ToolStarted
from toolyard.core.errors import BudgetSpent, ConfigError, ModelError, RateLimited, UnfitReply
from toolyard.llm.budget import Budget, BudgetLimits
from toolyard.llm.chat import ChatRequest, Reply, TextDelta
from toolyard.llm.message import ToolUse, ToolUseResult, assistant, tool_results, user
from toolyard.llm.scripted_model import ScriptedModel
from toolyard.llm.session import LLMSession
from toolyard.registry.tool_registry import ToolRegistry


class City(BaseModel):
    """A city."""

    name: str
    people: int


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


ADD = ToolUse("u-1", "add", {"a": 1, "b": 2})
LIMA = '{"name": "Lima", "people": 10}'


def roles(request: ChatRequest) -> Sequence[str]:
    return [message.role for message in request.messages]


async def test_it_says_who_it_is() -> None:
    script = ScriptedModel("Hi")
    agent = Agent(
        "Mai", script, expertise="Trains.", personality="Be calm.", system_prompt="Help the yard."
    )
    await agent.send("Hello")
    assert script.requests[0].messages[0].text == (
        "You are Mai.\nYour expertise: Trains.\nYour approach: Be calm.\n\nHelp the yard."
    )


async def test_it_runs_tools_until_it_answers() -> None:
    script = ScriptedModel(assistant("Let me see", ADD), "It is 3")
    async with Agent("Mai", script, tools=[add]) as agent:
        result = await agent.send("What is 1 + 2?")
    assert (result.output, result.status, result.turns, result.tool_calls) == (
        "It is 3",
        "complete",
        2,
        1,
    )
    assert result.messages == agent.session.messages
    assert result.messages == (
        user("What is 1 + 2?"),
        assistant("Let me see", ADD),
        tool_results(ToolUseResult("u-1", "add", (Text("3"),))),
        assistant("It is 3"),
    )
    assert result.usage == agent.session.usage
    assert result.usage.calls == 2


async def test_its_conversation_goes_on_and_a_run_is_by_itself() -> None:
    script = ScriptedModel("Hi", "Apart", "Again")
    agent = Agent("Mai", script)
    await agent.send("One")
    result = await agent.run("Two")
    await agent.send("Three")
    said = [[each.text for each in request.messages[1:]] for request in script.requests]
    assert said == [["One"], ["Two"], ["One", "Hi", "Three"]]
    assert result.messages == (user("Two"), assistant("Apart"))


async def test_a_thousand_runs_at_once_do_not_mix() -> None:
    def echo(request: ChatRequest) -> Reply:
        return Reply.of(request.messages[-1].text.upper())

    agent = Agent("Mai", ScriptedModel(*[echo] * 1000))
    answers = dict[str, str]()

    async def ask(text: str) -> None:
        answers[text] = (await agent.run(text)).text

    async with anyio.create_task_group() as tasks:
        for number in range(1000):
            tasks.start_soon(ask, f"n{number}")
    assert answers == {f"n{number}": f"N{number}" for number in range(1000)}


async def test_generating_is_told_everything_each_time() -> None:
    script = ScriptedModel("Yes")
    agent = Agent("Mai", script, system_prompt="Not this.")
    history = [user("Is it?"), assistant("Is what?")]
    await agent.generate("The train", system_prompt="This.", history=history)
    heard = script.requests[0].messages
    assert heard[0].text == "You are Mai.\n\nThis."
    assert heard[1:] == (*history, user("The train"))
    assert agent.session.messages == ()


async def test_sends_follow_each_other() -> None:
    begun, go = anyio.Event(), anyio.Event()

    class Slow:
        asked = 0

        async def reply(self, request: ChatRequest) -> Reply:
            self.asked += 1
            begun.set()
            await go.wait()
            return Reply.of(f"after {len(request.messages)}")

    model = Slow()
    agent = Agent("Mai", model)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(agent.send, "One")
        await begun.wait()
        tasks.start_soon(agent.send, "Two")
        await anyio.wait_all_tasks_blocked()
        assert model.asked == 1
        go.set()
    assert [each.text for each in agent.session.messages] == ["One", "after 2", "Two", "after 4"]


async def test_a_stream_has_everything_in_order() -> None:
    script = ScriptedModel(assistant(ADD), "It is 3")
    async with Agent("Mai", script, tools=[add]) as agent:
        pieces = [piece async for piece in agent.stream("What is 1 + 2?")]
    result = pieces[-1]
    assert isinstance(result, RunResult)
    assert result.text == "It is 3"
    told = [each for each in pieces if isinstance(each, ToolStarted | ToolFinished)]
    three = ToolUseResult("u-1", "add", (Text("3"),))
    assert told == [ToolStarted(ADD), ToolFinished(ADD, three)]
    assert [each.text for each in pieces if isinstance(each, TextDelta)] == ["It", " is", " 3"]
    assert pieces.index(told[1]) < pieces.index(TextDelta("It"))


async def test_a_stream_that_is_left_ends_the_run() -> None:
    agent = Agent("Mai", ScriptedModel("One two three", "Again"))
    stream = agent.stream("Hello")
    assert await anext(stream) == TextDelta("One")
    await stream.aclose()
    assert agent.session.messages == ()
    assert (await agent.send("Hello")).text == "Again"


async def test_an_answer_of_a_type() -> None:
    script = ScriptedModel("Lima, I think", LIMA)
    agent = Agent("Mai", script)
    result = await agent.run("The capital of Peru?", output=City)
    assert result.output == City(name="Lima", people=10)
    assert "Schema for `City`" in script.requests[0].messages[0].text
    assert script.requests[0].output is not None
    assert "cannot be used" in script.requests[1].messages[-1].text
    assert result.messages == (user("The capital of Peru?"), assistant(LIMA))  # no failed try


async def test_an_answer_of_a_type_after_tools() -> None:
    script = ScriptedModel(ADD, "Three", LIMA)
    async with Agent("Mai", script, tools=[add]) as agent:
        result = await agent.send("Where?", output=City)
    assert result.output.name == "Lima"
    assert [request.tool_choice for request in script.requests] == ["auto", "auto", "none"]
    assert [message.role for message in result.messages] == [
        "user",
        "assistant",
        "tool",
        "assistant",
    ]


async def test_a_provider_that_keeps_to_schemas_need_not_be_told() -> None:
    class Strict(ScriptedModel):
        keeps_to_schemas = True

    script = Strict(LIMA)
    await Agent("Mai", script).run("Where?", output=City)
    assert script.requests[0].messages[0].text == "You are Mai."


async def test_answers_that_never_fit() -> None:
    script = ScriptedModel("No", "No", "No", LIMA)
    agent = Agent("Mai", script, limits=AgentLimits(output_tries=3))
    with pytest.raises(UnfitReply, match="not what was asked for"):
        await agent.send("Where?", output=City)
    assert len(script.requests) == 3
    assert (await agent.send("Where?", output=City)).output.name == "Lima"


async def test_a_failure_before_anything_was_done_leaves_nothing() -> None:
    agent = Agent("Mai", ScriptedModel(RateLimited("Later"), "Hi"))
    with pytest.raises(RateLimited):
        await agent.send("Hello")
    assert agent.session.messages == ()
    await agent.send("Hello")
    assert agent.session.messages == (user("Hello"), assistant("Hi"))


async def test_a_failure_after_tools_keeps_what_came_of_them() -> None:
    async with Agent("Mai", ScriptedModel(ADD, ModelError("Gone"), "3"), tools=[add]) as agent:
        with pytest.raises(ModelError):
            await agent.send("Add")
        assert [each.role for each in agent.session.messages] == ["user", "assistant", "tool"]
        await agent.send("Well?")
    assert [each.role for each in agent.session.messages] == [
        "user",
        "assistant",
        "tool",
        "user",
        "assistant",
    ]
    assert agent.session.messages[2] == tool_results(ToolUseResult("u-1", "add", (Text("3"),)))


async def test_a_message_is_heard_at_the_next_turn() -> None:
    async def tell(text: str) -> str:
        """Tell the agent itself."""
        agent.receive_message(text)
        return "told"

    script = ScriptedModel(ToolUse("u-1", "tell", {"text": "Stop soon"}), "Done")
    async with Agent("Mai", script, tools=[tell]) as agent:
        await agent.send("Go")
    heard = script.requests[1].messages
    assert [each.role for each in heard] == ["system", "user", "assistant", "tool", "user"]
    assert heard[-1].text == "Stop soon"


async def test_an_agent_that_never_waits_lets_others_go_on() -> None:
    async def add_at_once(a: int, b: int) -> int:
        """Add."""
        return a + b

    class AtOnce:
        """Asks for a tool again and again, and waits for nothing."""

        async def reply(self, request: ChatRequest) -> Reply:
            heard.append(others)
            said = assistant(ToolUse(f"u-{len(heard)}", "add_at_once", {"a": 1, "b": 2}))
            return Reply(said) if len(heard) < 30 else Reply.of("Done")

    async def live() -> None:
        nonlocal others
        while True:
            await anyio.lowlevel.checkpoint()
            others += 1

    heard, others = list[int](), 0
    async with (
        Agent("Mai", AtOnce(), tools=[add_at_once]) as agent,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(live)
        await agent.send("Go")
        tasks.cancel_scope.cancel()
    assert len(set(heard)) >= 3


async def test_a_message_to_an_idle_agent() -> None:
    script = ScriptedModel("Yes")
    agent = Agent("Mai", script)
    agent.receive_message("Ann: I am here.")
    agent.receive_message("I said: fine.", role="assistant")
    await agent.send("Is Ann here?")
    assert script.requests[0].messages[1:] == (
        user("Ann: I am here."),
        assistant("I said: fine."),
        user("Is Ann here?"),
    )


async def test_a_message_that_the_model_did_not_hear_is_not_lost() -> None:
    fails = ModelError("Gone")

    async def tell() -> str:
        """Tell the agent itself."""
        agent.receive_message("Listen")
        return "told"

    script = ScriptedModel(ToolUse("u-1", "tell", {}), fails, "Yes")
    async with Agent("Mai", script, tools=[tell]) as agent:
        with pytest.raises(ModelError):
            await agent.send("Go")
        await agent.send("Well?")
    said = [each.text for each in script.requests[-1].messages if each.role == "user"]
    assert said[0] == "Go"
    assert "Listen" in said[1]
    assert "Well?" in said[1]


async def test_forks() -> None:
    script = ScriptedModel("Hi", "Left", "Right")
    agent = Agent("Mai", script, system_prompt="Be kind.")
    await agent.send("Hello")
    agent.receive_message("News")
    empty, full = agent.fork(), agent.fork_with_context()
    await empty.send("Go left")
    await full.send("Go right")
    assert [each.text for each in script.requests[1].messages[1:]] == ["Go left"]
    assert [each.text for each in script.requests[2].messages[1:]] == [
        "Hello",
        "Hi",
        "News",
        "Go right",
    ]
    assert script.requests[1].messages[0].text == "You are Mai.\n\nBe kind."
    assert len(agent.session.messages) == 3


async def test_the_system_prompt_can_be_changed_in_the_middle_of_a_run() -> None:
    async def change() -> str:
        """Change it."""
        agent.set_system_prompt("New.")
        return "ok"

    script = ScriptedModel(ToolUse("u-1", "change", {}), "Done")
    async with Agent("Mai", script, tools=[change], system_prompt="Old.") as agent:
        fork = agent.fork()
        await agent.send("Go")
    assert [request.messages[0].text for request in script.requests] == [
        "You are Mai.\n\nOld.",
        "You are Mai.\n\nNew.",
    ]
    assert fork.recipe.system_prompt == "Old."  # forks go their own way


async def test_sources_come_and_go_at_runtime_and_are_shared() -> None:
    toolbox = Toolbox()
    toolbox.add(add)
    async with ToolRegistry() as registry:
        one = Agent("One", ScriptedModel("Hi"), tools=registry)
        other = Agent("Other", ScriptedModel("Hi"), tools=registry)
        await one.add_protocol("sums", toolbox)
        assert [tool.name for tool in await other.list_tools()] == ["add"]
        await other.remove_protocol("sums")
        assert await one.list_tools() == ()


async def test_it_must_be_entered_if_it_has_sources() -> None:
    agent = Agent("Mai", ScriptedModel("Hi"), tools=[add])
    for send in (agent.send("Hello"), agent.run("Hello"), anext(agent.stream("Hello"))):
        with pytest.raises(ConfigError, match="async with"):
            await send
    async with ToolRegistry(Toolbox()) as registry:
        shared = Agent("Mai", ScriptedModel("Hi"), tools=registry)
        assert (await shared.send("Hello")).text == "Hi"


async def test_limits_are_of_each_run_and_a_budget_of_all() -> None:
    limited = Agent("Mai", ScriptedModel(*["Hi"] * 5), budget=BudgetLimits(calls=1))
    await limited.run("One")
    await limited.run("Two")
    budget = Budget(BudgetLimits(calls=3))
    agents = [Agent(name, ScriptedModel(*["Hi"] * 5), budget=budget) for name in ("A", "B")]
    await agents[0].run("One")
    await agents[1].run("Two")
    await agents[1].send("Three")
    with pytest.raises(BudgetSpent):
        await agents[0].run("Four")


async def test_a_spent_budget_leaves_a_history_to_go_on_with() -> None:
    script = ScriptedModel(ADD, "3")
    async with Agent("Mai", script, tools=[add], budget=BudgetLimits(calls=1)) as agent:
        with pytest.raises(BudgetSpent):
            await agent.send("Add")
        assert (await agent.send("And?")).text == "3"


async def test_a_saved_conversation_is_gone_on_with() -> None:
    before = LLMSession(ScriptedModel("Hi, Mai"))
    await before.send("I am Mai")
    script = ScriptedModel("Mai")
    agent = Agent("Yard", script, session=before)
    await agent.send("Who am I?")
    assert roles(script.requests[0]) == ["system", "user", "assistant", "user"]


async def test_a_model_by_name() -> None:
    async with Agent("Mai", "echo") as agent:
        assert (await agent.send("Hello")).text == "Hello"
    with pytest.raises(ConfigError):
        Agent("Mai", "nothing-like-this:x")
