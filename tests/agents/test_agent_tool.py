"""An agent as a tool: of another agent, and served over MCP."""

import anyio
from tests.clients.serving import serving

from toolyard import (
    Agent,
    AgentLimits,
    CallContext,
    MCPClient,
    ModelError,
    ScriptedModel,
    Text,
    ToolCall,
    ToolRegistry,
    ToolUse,
)
from toolyard.agents.agent_tool import MOST_DEEP, PARTIAL
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.message import ToolUseResult, assistant

CONTEXT = CallContext()
ASK = ToolCall("clerk", {"task": "Count"})


async def test_an_agent_is_asked_by_another_over_the_network() -> None:
    clerk = Agent("clerk", ScriptedModel("One", "Two"), expertise="Counts.")
    script = ScriptedModel(ToolUse("u-1", "clerk", {"task": "Count"}), "So it is one")
    async with (
        serving(clerk.as_tool()) as url,
        Agent("Mai", script, tools=[MCPClient(url)]) as agent,
    ):
        [tool] = await agent.list_tools()
        assert tool.description == "Have clerk do a task. Counts."
        assert (await agent.send("How many?")).text == "So it is one"
        [result] = script.requests[1].messages[-1].parts
        assert isinstance(result, ToolUseResult)
        assert result.content == (Text("One"),)
        structured = (await agent.registry.call_tool(ASK, CONTEXT)).structured
        assert structured == {"answer": "Two", "status": "complete"}
    assert clerk.session.messages == ()  # each task is by itself


async def test_a_partial_answer_says_so() -> None:
    use = ToolUse("u-1", "nothing", {})
    clerk = Agent("clerk", ScriptedModel(use, "Some"), limits=AgentLimits(tool_rounds=0))
    async with ToolRegistry(clerk.as_tool()) as registry:
        result = await registry.call_tool(ASK, CONTEXT)
    assert result.text == f"Some\n{PARTIAL}"
    assert result.structured == {"answer": "Some", "status": "partial"}


async def test_an_agent_without_an_answer_says_so() -> None:
    clerk = Agent("clerk", ScriptedModel(ModelError("No luck.")))
    async with ToolRegistry(clerk.as_tool()) as registry:
        result = await registry.call_tool(ASK, CONTEXT)
    assert result.is_error
    assert result.text == "clerk has no answer: No luck."


async def test_agents_that_ask_each_other_in_a_circle_come_to_an_end() -> None:
    def answer(request: ChatRequest) -> Reply:
        heard = request.messages[-1]
        if heard.role == "user":
            return Reply(asks)
        [result] = heard.parts
        assert isinstance(result, ToolUseResult)
        return Reply.of("".join(part.text for part in result.content if isinstance(part, Text)))

    asks = assistant(ToolUse("u-1", "clerk", {"task": "Count"}))
    async with ToolRegistry() as registry:
        agent = Agent("clerk", ScriptedModel(*[answer] * 100), tools=registry)
        await registry.add("clerk", agent.as_tool())
        result = await agent.run("Count")
    assert result.text == f"Agents ask each other {MOST_DEEP} deep already; answer yourself."


async def test_ending_the_call_ends_the_run() -> None:
    asked, ended = anyio.Event(), anyio.Event()

    class Hanging:
        async def reply(self, request: ChatRequest) -> Reply:
            asked.set()
            try:
                await anyio.sleep(60)
            finally:
                ended.set()
            raise AssertionError

    async with (
        ToolRegistry(Agent("clerk", Hanging()).as_tool()) as registry,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(registry.call_tool, ASK, CONTEXT)
        await asked.wait()
        tasks.cancel_scope.cancel()
    assert ended.is_set()


async def test_names_of_agents_that_hosts_would_refuse() -> None:
    for name, expected in (("Mai & Co", "Mai_Co"), ("日本", "agent"), ("x" * 99, "x" * 64)):
        source = Agent(name, ScriptedModel()).as_tool()
        assert [tool.name for tool in await source.list_tools(CONTEXT)] == [expected]
