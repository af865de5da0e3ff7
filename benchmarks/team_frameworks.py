"""The same teams, written for each framework; each is imported where it is installed."""

from __future__ import annotations

import asyncio
import logging
import operator
import os
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TypedDict, cast

from benchmarks.team_script import ROUNDS, TASK, Pattern, Script, layers_of

Run = Callable[[], Awaitable[object]]
"""Has a team do the task anew."""
Make = Callable[[Pattern, int], Run]
"""Makes a team of so many."""


@asynccontextmanager
async def bare(script: Script) -> AsyncGenerator[Make]:
    """Loops by hand, on messages as chat completions have them."""

    async def ask(messages: list[Any]) -> str:
        said = await script.answer(lambda: str(messages))
        messages.append({"role": "assistant", "content": said})
        return said

    def asked(*texts: str) -> list[Any]:
        return [{"role": "user", "content": "\n\n".join(texts)}]

    async def round_robin(agents: int) -> None:
        told: list[list[Any]] = [[] for _ in range(agents)]
        said, heard = list[str](), [0] * agents
        for turn in range(ROUNDS * agents):
            at = turn % agents
            new = said[heard[at] :]
            told[at] += asked(*new) if heard[at] else asked(TASK, *new)
            text = await ask(told[at])
            said.append(f"agent{at}: {text}")
            heard[at] = len(said)

    async def layer(agents: int, *texts: str) -> list[str]:
        said = await asyncio.gather(*(ask(asked(*texts)) for _ in range(agents)))
        return [f"agent{at}: {text}" for at, text in enumerate(said)]

    async def layers(agents: int) -> None:
        said = list[str]()
        for each in layers_of(range(agents)):
            said = await layer(len(each), TASK, *said)

    patterns: Mapping[Pattern, Callable[[int], Awaitable[object]]] = {
        "round-robin": round_robin,
        "parallel": lambda agents: layer(agents, TASK),
        "layers": layers,
    }
    yield lambda pattern, agents: partial(patterns[pattern], agents)


@asynccontextmanager
async def toolyard(script: Script) -> AsyncGenerator[Make]:
    """Ours."""
    yield lambda pattern, agents: partial(_ours(script, pattern, agents).run, TASK)


@asynccontextmanager
async def durable(script: Script) -> AsyncGenerator[Make]:
    """Ours, with every call kept in a journal on the disk."""
    from toolyard import SqliteJournal

    with tempfile.TemporaryDirectory() as folder:
        async with SqliteJournal(Path(folder) / "journal.db") as journal:
            yield lambda pattern, agents: partial(
                _ours(script, pattern, agents).run, TASK, durable=journal
            )


def _ours(script: Script, pattern: Pattern, count: int) -> Any:
    from toolyard import Agent, ChatRequest, Layers, Parallel, Reply, RoundRobin, Usage
    from toolyard.llm.message import assistant

    class Model:
        async def reply(self, request: ChatRequest) -> Reply:
            said = await script.answer(lambda: " ".join(each.text for each in request.messages))
            return Reply(assistant(said), usage, "stop", "scripted")

    usage, model = Usage(input_tokens=10, output_tokens=5), Model()
    agents = [Agent(f"agent{at}", model) for at in range(count)]
    if pattern == "parallel":
        return Parallel(agents)
    if pattern == "layers":
        return Layers(layers_of(agents))
    return RoundRobin(agents, rounds=ROUNDS, synthesis=False)


@asynccontextmanager
async def langgraph(script: Script) -> AsyncGenerator[Make]:
    """langgraph: a node for each agent, over messages that they share, without what traces it."""
    os.environ["LANGSMITH_TRACING"] = "false"
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, HumanMessage
    from langchain_core.outputs import ChatGeneration, ChatResult

    class Scripted(cast("Any", BaseChatModel)):
        _llm_type = "scripted"

        def _generate(self, messages: Any, *more: Any, **named: Any) -> Any:
            raise NotImplementedError

        async def _agenerate(self, messages: Any, *more: Any, **named: Any) -> Any:
            said = await script.answer(lambda: " ".join(each.text for each in messages))
            usage: Any = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
            message = AIMessage(said, usage_metadata=usage)
            return ChatResult(generations=[ChatGeneration(message=message)])

    model = Scripted()

    def agent(name: str, hears: str, says: str) -> Agent:
        async def ask(state: Any) -> Any:
            said = await model.ainvoke(state[hears])
            return {says: [said.model_copy(update={"name": name})]}

        return ask

    def make(pattern: Pattern, agents: int) -> Run:
        everyone = range(agents)
        if pattern == "round-robin":
            graph, first = _ring(agents, agent), "messages"
        else:
            layers = [everyone] if pattern == "parallel" else layers_of(everyone)
            graph, first = _layered(layers, agent), "said0"
        limits = {"recursion_limit": 10 * ROUNDS * agents}
        return lambda: graph.ainvoke({first: [HumanMessage(TASK)]}, limits)

    yield make


Agent = Callable[[Any], Awaitable[Any]]
"""A node of langgraph's."""


def _ring(agents: int, agent: Callable[[str, str, str], Agent]) -> Any:
    """One after the other, and from the last to the first until all have spoken in each round."""
    from langgraph.graph import END, START, MessagesState, StateGraph

    def after_all(state: Any) -> str:
        return END if len(state["messages"]) > ROUNDS * agents else "agent0"

    graph: Any = StateGraph(MessagesState)
    names = [f"agent{at}" for at in range(agents)]
    for name in names:
        graph.add_node(name, agent(name, "messages", "messages"))
    for name, after in pairwise([START, *names]):
        graph.add_edge(name, after)
    graph.add_conditional_edges(names[-1], after_all, ["agent0", END])
    return graph.compile()


def _layered(layers: Sequence[Sequence[int]], agent: Callable[[str, str, str], Agent]) -> Any:
    """Layers that hear what the one before said."""
    from langgraph.graph import END, START, StateGraph

    said = [f"said{at}" for at in range(len(layers) + 1)]
    messages = dict.fromkeys(said, Annotated[list[Any], operator.add])
    graph: Any = StateGraph(cast("Any", TypedDict)("State", messages))
    before = START
    for layer, (hears, says) in zip(layers, pairwise(said), strict=True):
        names = [f"agent{at}" for at in layer]
        for name in names:
            graph.add_node(name, agent(name, hears, says))
            graph.add_edge(before, name)
        before = f"after {says}"
        graph.add_node(before, _nothing)
        graph.add_edge(names, before)
    graph.add_edge(before, END)
    return graph.compile()


def _nothing(state: Any) -> Any:
    """A node where all of a layer are waited for."""
    del state
    return {}


@asynccontextmanager
async def crewai(script: Script) -> AsyncGenerator[Make]:
    """crewai: a crew with a task for each turn, without what it sends to its maker."""
    for name in ("CREWAI_DISABLE_TELEMETRY", "OTEL_SDK_DISABLED"):
        os.environ[name] = "true"
    os.environ["CREWAI_TRACING_ENABLED"] = "false"
    from crewai import Agent, BaseLLM, Crew, Task

    logging.disable(logging.WARNING)

    class Scripted(cast("Any", BaseLLM)):
        def call(self, messages: Any, *more: Any, **named: Any) -> str:
            return f"Final Answer: {script.answer_in_thread(lambda: str(messages))}"

    model = Scripted(model="scripted")

    def make(pattern: Pattern, agents: int) -> Run:
        everyone = [
            Agent(role=f"agent{at}", goal="Help.", backstory="None.", llm=model)
            for at in range(agents)
        ]
        turns = everyone * (ROUNDS if pattern == "round-robin" else 1)
        at_once = pattern == "parallel"
        asked: Any = {"description": TASK, "expected_output": "A sentence."}
        tasks = [Task(**asked, agent=each, async_execution=at_once) for each in turns]
        if at_once:  # a crew must end with a task that is done alone
            tasks.append(Task(**asked, agent=everyone[0], context=[]))
        crew = Crew(agents=everyone, tasks=tasks)
        return crew.akickoff

    with tempfile.TemporaryDirectory() as home:  # where it keeps what it did
        os.environ["HOME"] = home
        yield make


@asynccontextmanager
async def agent_framework(script: Script) -> AsyncGenerator[Make]:
    """Microsoft's agent-framework; a workflow goes on where it ended, so each run has its own."""
    import agent_framework as framework
    from agent_framework import BaseChatClient, ChatResponse, Message, UsageDetails

    logging.disable(logging.WARNING)

    class Scripted(cast("Any", BaseChatClient)):
        async def _inner_get_response(self, **given: Any) -> Any:
            messages = given["messages"]
            said = await script.answer(lambda: " ".join(each.text for each in messages))
            usage = UsageDetails(input_token_count=10, output_token_count=5)
            message = Message(role="assistant", contents=[said])
            return ChatResponse(messages=[message], usage_details=usage)

    model = Scripted()

    def make(pattern: Pattern, agents: int) -> Run:
        everyone = [framework.Agent(model, name=f"agent{at}") for at in range(agents)]
        builds: Mapping[Pattern, Callable[[Sequence[Any]], Any]] = {
            "round-robin": _chat,
            "parallel": _at_once,
            "layers": _in_layers,
        }
        return lambda: builds[pattern](everyone).run(TASK)

    yield make


def _chat(agents: Sequence[Any]) -> Any:
    from agent_framework.orchestrations import GroupChatBuilder

    names = [each.name for each in agents]

    def choose(state: Any) -> str:
        return names[state.current_round % len(names)]

    most = ROUNDS * len(names)
    builder: Any = GroupChatBuilder(participants=agents, selection_func=choose, max_rounds=most)
    return builder.build()


def _at_once(agents: Sequence[Any]) -> Any:
    from agent_framework.orchestrations import ConcurrentBuilder

    builder: Any = ConcurrentBuilder(participants=agents)
    return builder.build()


def _in_layers(agents: Sequence[Any]) -> Any:
    import agent_framework as framework
    from agent_framework import AgentExecutorRequest, AgentExecutorResponse

    def telling(texts: Callable[[Any], Sequence[str]]) -> Any:
        def handle(self: Any, heard: Any, context: Any) -> Any:
            messages = [framework.Message(role="user", contents=[each]) for each in texts(heard)]
            return context.send_message(AgentExecutorRequest(messages=messages))

        handle.__annotations__ = {}  # its decorator is told the types, and refuses all others
        return handle

    class Between(cast("Any", framework.Executor)):
        begin = framework.handler(input=str, output=AgentExecutorRequest)(
            telling(lambda task: [task])
        )
        go_on = framework.handler(input=list[AgentExecutorResponse], output=AgentExecutorRequest)(
            telling(lambda heard: [TASK, *(each.agent_response.text for each in heard)])
        )

    before = Between(id="start")
    builder: Any = framework.WorkflowBuilder(start_executor=before)
    for at, layer in enumerate(layers_of(agents), 1):
        builder.add_fan_out_edges(before, layer)
        before = Between(id=f"after {at}")
        builder.add_fan_in_edges(layer, before)
    return builder.build()


FRAMEWORKS: Mapping[str, Callable[[Script], AbstractAsyncContextManager[Make]]] = {
    "bare loop": bare,
    "toolyard": toolyard,
    "toolyard, durable": durable,
    "langgraph": langgraph,
    "crewai": crewai,
    "agent-framework": agent_framework,
}
