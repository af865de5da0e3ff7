"""One agent loop, as a program: each framework runs it where it is installed.

`python -m benchmarks.agent_loops LOOP` reads lines from its standard input, does what they say,
and prints what came of it, as JSON:

- `turns AGENTS CALLS SECONDS`: so many agents, all at once, call a tool so often and then answer;
  that again and again for so many seconds. CPU time of a call and the model's next answer.
- `memory AGENTS`: so many agents are made, call a tool and wait for their model, all at once. What
  one of them takes.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
import tracemalloc
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

TASK, ANSWER, ARGUMENTS = "Add up.", "Done.", '{"a": 1, "b": 2}'
_MOST = 1_000
"""Calls in one run: a limit for those that want one."""

_PAUSE_S = 300.0

Run = Callable[[], Awaitable[str]]
"""Does the task anew, and gives the answer."""
Make = Callable[[], Run]
"""Makes an agent."""


class Pause:
    """Where so many agents wait for each other."""

    def __init__(self, agents: int) -> None:
        self.all_wait, self.over = asyncio.Event(), asyncio.Event()
        self._missing = agents

    async def take(self) -> None:
        """Wait until it is over."""
        self._missing -= 1
        if not self._missing:
            self.all_wait.set()
        await self.over.wait()


class Script:
    """What a model does: it asks for a tool `calls` times, each time at once, and then answers."""

    def __init__(self) -> None:
        self.calls = 1
        self.pause: Pause | None = None
        """What it waits for before it answers."""

    async def asks(self, messages: int) -> str | None:
        """The id of the tool call that follows so many messages; none if it answers."""
        await asyncio.sleep(0)  # as every model it lets others go on, or agents were not at once
        done = (messages - 1) // 2
        if done < self.calls:
            return f"call_{done}"
        if self.pause is not None:
            await self.pause.take()
        return None


async def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@asynccontextmanager
async def bare(script: Script) -> AsyncGenerator[Make]:
    """A loop by hand, on messages as chat completions have them."""
    from pydantic import BaseModel

    class Arguments(BaseModel):
        a: int
        b: int

    async def reply(messages: list[Any]) -> Any:
        asked = await script.asks(len(messages))
        if asked is None:
            return {"role": "assistant", "content": ANSWER}
        function = {"name": "add", "arguments": ARGUMENTS}
        call = {"id": asked, "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}

    tools = {"add": (Arguments, add)}

    async def run() -> str:
        messages: list[Any] = [{"role": "user", "content": TASK}]
        while True:
            said = await reply(messages)
            messages.append(said)
            if not said.get("tool_calls"):
                return said["content"]
            for call in said["tool_calls"]:
                kind, tool = tools[call["function"]["name"]]
                arguments = kind.model_validate_json(call["function"]["arguments"])
                result = json.dumps(await tool(arguments.a, arguments.b))
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": result})

    yield lambda: run


@asynccontextmanager
async def toolyard(script: Script) -> AsyncGenerator[Make]:
    """Ours."""
    from toolyard import Agent, AgentLimits, ChatRequest, Reply, Toolbox, ToolRegistry, Usage
    from toolyard.llm.message import ToolUse, assistant

    class Model:
        async def reply(self, request: ChatRequest) -> Reply:
            asked = await script.asks(len(request.messages))
            if asked is None:
                return Reply(assistant(ANSWER), usage, "stop", "scripted")
            use = ToolUse(asked, "add", json.loads(ARGUMENTS))
            return Reply(assistant(use), usage, "tool_use", "scripted")

    box = Toolbox()
    box.add(add)
    usage = Usage(input_tokens=10, output_tokens=5)
    model, limits = Model(), AgentLimits(tool_rounds=_MOST)
    async with ToolRegistry(box) as registry:

        def make() -> Run:
            agent = Agent("adder", model, tools=registry, limits=limits)

            async def run() -> str:
                return (await agent.run(TASK)).text

            return run

        yield make


@asynccontextmanager
async def pydantic_ai(script: Script) -> AsyncGenerator[Make]:
    """pydantic-ai, which tells nobody unless it is told to."""
    from pydantic_ai import Agent
    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.models import Model
    from pydantic_ai.usage import RequestUsage, UsageLimits

    class Scripted(cast("Any", Model)):
        model_name = system = "scripted"

        async def request(self, messages: Any, settings: Any, parameters: Any) -> Any:
            asked = await script.asks(len(messages))
            use = TextPart(ANSWER) if asked is None else ToolCallPart("add", ARGUMENTS, asked)
            usage = RequestUsage(input_tokens=10, output_tokens=5)
            return ModelResponse(parts=[use], usage=usage, model_name="scripted")

    model, limits = Scripted(), UsageLimits(request_limit=None)

    def make() -> Run:
        agent = Agent(model, tools=[add])

        async def run() -> str:
            return (await agent.run(TASK, usage_limits=limits)).output

        return run

    yield make


@asynccontextmanager
async def openai_agents(script: Script) -> AsyncGenerator[Make]:
    """openai-agents, without the traces that it sends to its maker."""
    from openai.types import responses

    import agents

    agents.set_tracing_disabled(True)

    def call(asked: str) -> Any:
        kind = "function_call"
        return responses.ResponseFunctionToolCall(
            arguments=ARGUMENTS, call_id=asked, name="add", type=kind
        )

    def answer() -> Any:
        text = responses.ResponseOutputText(annotations=[], text=ANSWER, type="output_text")
        return responses.ResponseOutputMessage(
            id="m", content=[text], role="assistant", status="completed", type="message"
        )

    class Scripted(cast("Any", agents.Model)):
        async def get_response(self, **given: Any) -> Any:
            asked = await script.asks(len(given["input"]))
            said = answer() if asked is None else call(asked)
            usage = agents.Usage(requests=1, input_tokens=10, output_tokens=5, total_tokens=15)
            return agents.ModelResponse(output=[said], usage=usage, response_id=None)

        def stream_response(self, **given: Any) -> Any:
            raise NotImplementedError

    model, settings = Scripted(), agents.RunConfig(tracing_disabled=True)

    def make() -> Run:
        agent = agents.Agent(name="adder", model=model, tools=[agents.function_tool(add)])

        async def run() -> str:
            run = agents.Runner.run(agent, TASK, max_turns=_MOST, run_config=settings)
            return (await run).final_output

        return run

    yield make


@asynccontextmanager
async def langgraph(script: Script) -> AsyncGenerator[Make]:
    """langgraph: a graph of a model and its own node for tools, without what traces it."""
    os.environ["LANGSMITH_TRACING"] = "false"
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGeneration, ChatResult
    from langchain_core.tools import tool
    from langgraph.graph import START, MessagesState, StateGraph
    from langgraph.prebuilt import ToolNode, tools_condition

    class Scripted(cast("Any", BaseChatModel)):
        _llm_type = "scripted"

        def _generate(self, messages: Any, *more: Any, **named: Any) -> Any:
            raise NotImplementedError

        async def _agenerate(self, messages: Any, *more: Any, **named: Any) -> Any:
            asked = await script.asks(len(messages))
            usage: Any = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
            said = AIMessage(ANSWER, usage_metadata=usage)
            if asked is not None:
                use: Any = {"name": "add", "args": json.loads(ARGUMENTS), "id": asked}
                said = AIMessage("", tool_calls=[use], usage_metadata=usage)
            return ChatResult(generations=[ChatGeneration(message=said)])

    model, limits = Scripted(), {"recursion_limit": 3 * _MOST}

    async def ask(state: Any) -> Any:
        return {"messages": [await model.ainvoke(state["messages"])]}

    def make() -> Run:
        graph = StateGraph(MessagesState)
        graph.add_node("model", ask)
        graph.add_node("tools", ToolNode([tool(add)]))
        graph.add_edge(START, "model")
        graph.add_conditional_edges("model", tools_condition)
        graph.add_edge("tools", "model")
        agent = graph.compile()

        async def run() -> str:
            ended = await agent.ainvoke({"messages": [("user", TASK)]}, limits)
            return ended["messages"][-1].content

        return run

    yield make


LOOPS: Mapping[str, Callable[[Script], AbstractAsyncContextManager[Make]]] = {
    "bare loop": bare,
    "toolyard": toolyard,
    "pydantic-ai": pydantic_ai,
    "openai-agents": openai_agents,
    "langgraph": langgraph,
}


class Measured:
    """One loop, measured as it is told."""

    def __init__(self, make: Make, script: Script) -> None:
        self._make = make
        self._script = script
        self._made = list[Run]()

    async def turns(self, agents: int, calls: int, seconds: float) -> Mapping[str, float]:
        """CPU time of a turn of so many agents that work at once."""
        self._made += [self._make() for _ in range(agents - len(self._made))]
        self._script.calls = calls
        runs = self._made[:agents]
        await _done([runs[0]])
        until, used, times = time.perf_counter() + seconds, time.process_time(), 0
        while not times or time.perf_counter() < until:
            await _done(runs)
            times += 1
        spent = time.process_time() - used
        return {"cpu_us": spent / (times * agents * calls) * 1e6}

    async def memory(self, agents: int) -> Mapping[str, float]:
        """What an agent takes that waits for its model, and what one more run of one agent does."""
        one = self._make()
        await _done([one])
        return {
            "agent_kb": await self._taken(agents, lambda: [self._make() for _ in range(agents)]),
            "run_kb": await self._taken(agents, lambda: [one] * agents),
        }

    async def _taken(self, agents: int, make: Callable[[], Sequence[Run]]) -> float:
        gc.collect()
        tracemalloc.start()
        self._script.calls, self._script.pause = 1, (pause := Pause(agents))
        runs = make()
        async with asyncio.timeout(_PAUSE_S), asyncio.TaskGroup() as tasks:
            tasks.create_task(_done(runs))
            await pause.all_wait.wait()
            gc.collect()
            taken, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            pause.over.set()
        self._script.pause = None
        return taken / agents / 1000


async def _done(runs: Sequence[Run]) -> None:
    if set(await asyncio.gather(*(run() for run in runs))) != {ANSWER}:
        raise ValueError("An agent did not answer as it should.")


async def _serve(loop: str) -> None:
    script = Script()
    async with LOOPS[loop](script) as make:
        measured = Measured(make, script)
        while line := await asyncio.to_thread(sys.stdin.readline):
            what, *amounts = line.split()
            if what == "turns":
                agents, calls, seconds = amounts
                told = await measured.turns(int(agents), int(calls), float(seconds))
            else:
                told = await measured.memory(int(amounts[0]))
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
