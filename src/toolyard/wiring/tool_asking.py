"""Questions to an agent that has the tools of the settings: one, or all of a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from toolyard.agents.agent import Agent
from toolyard.agents.approval import Approve
from toolyard.agents.run_result import RunResult
from toolyard.core.content import Image
from toolyard.core.context import CallContext
from toolyard.events.bus import EventBus
from toolyard.llm.batch_file import Question
from toolyard.llm.chat_model import close
from toolyard.llm.session import LLMSession, Said
from toolyard.thoughts.thought_chain import ThoughtChain
from toolyard.wiring.asking import Asking, BatchOutcome, Took, ask_all
from toolyard.wiring.tool_news import ToolNews, tool_bus
from toolyard.wiring.yard import Yard

NAME = "toolyard"
"""How an agent of the command line is called."""
SECRET = {"token", "token_env", "headers", "env"}
"""What a table holds that no answer depends on."""


def agent_of(
    asking: Asking,
    session: LLMSession,
    yard: Yard,
    bus: EventBus | None = None,
    *,
    name: str = NAME,
    thoughts: ThoughtChain | None = None,
    approve: Approve | None = None,
) -> Agent:
    """An agent that goes on with `session`, and has the tools of `yard`."""
    return Agent(
        name,
        session.model,
        system_prompt=asking.system_prompt,
        tools=yard.registry,
        session=session,
        thoughts=thoughts,
        approve=approve,
        on_event=bus,
    )


async def ask_with_tools(
    asking: Asking,
    yard: Yard,
    text: str,
    images: tuple[Image, ...],
    hear: Callable[[ToolNews], None],
) -> tuple[str, Took]:
    """Have one question answered by a model that may use the tools of `yard`.

    The answer comes as a whole, as only its end shows that no tool is to be run before; with a
    schema it is JSON in one line. `hear` is told of the tools.
    """
    model = asking.opened()
    try:
        async with yard.registry:
            session = asking.session(model)
            agent = agent_of(asking, session, yard, tool_bus(hear))
            result = await _sent(agent, asking, text, *images)
        is_text = asking.schema is None
        answer = result.text if is_text else json.dumps(result.output, ensure_ascii=False)
        return answer, Took.of(asking, session)
    finally:
        await close(model)


async def ask_all_with_tools(
    asking: Asking,
    yard: Yard,
    questions: list[Question],
    path: Path,
    at_once: int,
    done: Callable[[], None],
) -> BatchOutcome:
    """As `ask_all`, each question by itself, by a model that may use the tools of `yard`."""

    async def answer(session: LLMSession, text: str) -> Mapping[str, Any]:
        result = await _sent(agent_of(asking, session, yard), asking, text)
        said = {"answer": result.text} if asking.schema is None else {"value": result.output}
        return {**said, "usage": asdict(session.usage), "tool_calls": result.tool_calls}

    async with yard.registry:
        besides = {"tools": await _circumstances(yard)}
        return await ask_all(asking, questions, path, at_once, done, answer=answer, besides=besides)


async def _sent(agent: Agent, asking: Asking, *said: Said) -> RunResult[Any]:
    return await agent.send(*said, output=cast("Any", asking.schema))


async def _circumstances(yard: Yard) -> Sequence[Any]:
    """What answers depend on: which tools there are, and where they come from."""
    tools = await yard.registry.list_tools(CallContext())
    tables = {
        name: table.model_dump(mode="json", exclude=SECRET) for name, table in yard.tables.items()
    }
    return [tables, [[each.name, each.description, each.input_schema] for each in tools]]
