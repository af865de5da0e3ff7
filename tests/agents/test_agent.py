"""An agent: its conversation, its forks, and what others say to it."""

from collections.abc import AsyncGenerator, Sequence

import anyio
import anyio.lowlevel
import pytest
from pydantic import BaseModel
from tests.support.answered import assert_all_answered

from toolyard import Text, Toolbox
from toolyard.agents.agent import Agent
from toolyard.agents.limits import AgentLimits
from toolyard.agents.run_result import RunResult, ToolFinished, ToolStarted
from toolyard.core.errors import (
    BudgetSpent,
    ConfigError,
    ModelError,
    ModelUnreachable,
    RateLimited,
    UnfitReply,
)
from toolyard.llm.budget import Budget, BudgetLimits
from toolyard.llm.chat import ChatRequest, Finish, Piece, Reply, TextDelta
from toolyard.llm.message import ToolUse, ToolUseResult, assistant, tool_results, user
from toolyard.llm.scripted_model import Line, ScriptedModel
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


@pytest.mark.parametrize(
    ("finish", "status"),
    [("length", "partial"), ("content_filter", "partial"), ("refusal", "complete")],
)
async def test_an_answer_that_was_cut_off_is_partial(finish: Finish, status: str) -> None:
    agent = Agent("Mai", ScriptedModel(Reply(assistant("It i"), finish=finish)))
    result = await agent.send("Hello")
    assert (result.text, result.status) == ("It i", status)


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


async def test_a_stream_that_ends_without_an_answer_runs_nothing_again() -> None:
    ran = list[int]()

    async def work() -> None:
        """Work."""
        ran.append(1)

    class BreaksOff(ScriptedModel):
        async def stream(self, request: ChatRequest) -> AsyncGenerator[Piece, None]:
            if len(self.requests) == 1:
                yield TextDelta("Hm")
                return
            async for piece in super().stream(request):
                yield piece

    model = BreaksOff(ToolUse("u-1", "work", {}))
    async with Agent("Mai", model, tools=[work]) as agent:
        with pytest.raises(ModelUnreachable):
            assert [piece async for piece in agent.stream("Go")]
        assert_all_answered(agent.session.messages)
    assert ran == [1]


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


@pytest.mark.parametrize(
    ("script", "roles"),
    [
        ([assistant(), LIMA], ["user", "assistant"]),
        (["No", assistant(LIMA, ADD)], ["user", "assistant", "tool"]),
        ([assistant("No", ADD), ADD, assistant("No", ADD), LIMA], ["user", "assistant"]),
    ],
)
async def test_tries_that_did_not_fit_leave_a_history_to_go_on_with(
    script: list[Line], roles: list[str]
) -> None:
    limits = AgentLimits(tool_rounds=0)
    async with Agent("Mai", ScriptedModel(*script), tools=[add], limits=limits) as agent:
        result = await agent.send("Where?", output=City)
        assert result.output.name == "Lima"
        told = [each.role for each in result.messages]
        assert told[-len(roles) :] == roles
        assert_all_answered(agent.session.messages)


async def test_a_provider_that_keeps_to_schemas_need_not_be_told() -> None:
    class Strict(ScriptedModel):
        keeps_to_schemas = True

    script = Strict(LIMA)
    await Agent("Mai", script).run("Where?", output=City)
    assert script.requests[0].messages[0].text == "You are Mai."


async def test_a_streamed_answer_of_a_type() -> None:
    agent = Agent("Mai", ScriptedModel("Lima, I think", LIMA))
    pieces = [piece async for piece in agent.stream("Where?", output=City)]
    assert isinstance(pieces[-1], RunResult)
    assert pieces[-1].output == City(name="Lima", people=10)


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


async def test_a_tool_cannot_go_on_with_the_conversation_that_waits_for_it() -> None:
    later = anyio.Event()

    async def ask(how: str) -> str:
        """Ask the agent itself."""
        if how == "send":
            return (await agent.send("Well?")).text
        if how == "stream":
            return str([piece async for piece in agent.stream("Well?")])
        if how == "run":
            return (await agent.run("Well?")).text
        tasks.start_soon(send_later)
        return "soon"

    async def send_later() -> None:
        await later.wait()
        await agent.send("Later")

    uses = [ToolUse(how, "ask", {"how": how}) for how in ("send", "stream", "run", "later")]
    script = ScriptedModel(assistant(*uses), "Apart", "Done", "Yes")
    async with Agent("Mai", script, tools=[ask]) as agent, anyio.create_task_group() as tasks:
        with anyio.fail_after(5):
            await agent.send("Go")
        later.set()
    told = [part for part in agent.session.messages[2].parts if isinstance(part, ToolUseResult)]
    assert [each.is_error for each in told] == [True, True, False, False]
    assert "'Mai' waits for this tool" in str(told[0].content)
    assert agent.session.messages[-1] == assistant("Yes")


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
    assert said == ["Go", "Listen", "Well?"]


async def test_messages_are_remembered_in_their_order() -> None:
    def last(request: ChatRequest) -> Reply:
        del request
        agent.receive_message("First")
        return Reply.of("Hi")

    agent = Agent("Mai", ScriptedModel(last, last, "Yes"))
    await agent.send("Hello")
    agent.receive_message("Second")
    assert [piece async for piece in agent.stream("And?")]
    said = [each.text for each in agent.session.messages]
    assert said == ["Hello", "Hi", "First", "Second", "And?", "Hi", "First"]


async def test_a_message_is_not_forgotten_with_an_answer_that_did_not_fit() -> None:
    def unfit(request: ChatRequest) -> Reply:
        del request
        agent.receive_message("Listen")
        return Reply.of("No")

    agent = Agent("Mai", ScriptedModel(unfit, LIMA))
    await agent.send("Where?", output=City)
    assert [each.text for each in agent.session.messages] == ["Where?", LIMA, "Listen"]


async def test_a_message_that_was_heard_is_not_heard_again() -> None:
    scope = anyio.CancelScope()

    def cancelled(request: ChatRequest) -> Reply:
        del request
        scope.cancel()
        return Reply.of("Yes")

    def ignore(event: object) -> None:
        del event  # as somebody hears of it, the model is watched meanwhile

    async def tell() -> None:
        """Tell the agent itself."""
        agent.receive_message("Listen")

    script = ScriptedModel(ToolUse("u-1", "tell", {}), cancelled, "Well")
    async with Agent("Mai", script, tools=[tell], on_event=ignore) as agent:
        with scope:
            await agent.send("Go")
        assert scope.cancelled_caught
        await agent.send("And?")
    assert "".join(each.text for each in agent.session.messages).count("Listen") == 1


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
