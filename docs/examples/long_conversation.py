"""A conversation grows too long for its model, and goes on with a save file that it wrote."""

import tempfile
from pathlib import Path

import anyio

from toolyard import (
    Agent,
    ChatRequest,
    ContextCompacted,
    DropOldResults,
    EventBus,
    LLMSession,
    NoveltyAware,
    Reply,
    ScriptedModel,
    SelfCompression,
    ThoughtChain,
)


def answer(request: ChatRequest) -> Reply:
    """A model that writes a save file when it is asked for one, and chats otherwise."""
    if request.tool_choice == "none":
        return Reply.of("1. Key findings: trains 0 to 9 were counted.\nREFS: 0")
    return Reply.of("Noted: " + request.messages[-1].text)


async def main() -> None:
    model, bus = ScriptedModel(*[answer] * 100), EventBus()
    bus.add(print, ContextCompacted)
    context = NoveltyAware(DropOldResults(SelfCompression()))
    with tempfile.TemporaryDirectory() as folder:
        async with ThoughtChain(Path(folder) / "thoughts.jsonl") as chain:
            session = LLMSession(model, context_tokens=1_000)
            agent = Agent(
                "Mai", model, session=session, thoughts=chain, context=context, on_event=bus
            )
            await agent.commit("finding", "The yard has ten trains.")
            for number in range(10):
                await agent.send(f"Train {number} has {number * 7} wagons. " + "Chug. " * 60)
            print([thought.line for thought in await chain.find(kind="compression", last=1)])
            print(agent.session.history_tokens, "tokens are left")


if __name__ == "__main__":
    anyio.run(main)
