"""Whatever was said: what any strategy leaves can be gone on with, and is not more than before."""

import logging
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.agents.context.conversations import check_valid, histories, tokens

from toolyard import (
    ContextStrategy,
    DropOldResults,
    LLMSession,
    ModelError,
    NoveltyAware,
    OwnThoughts,
    ScriptedModel,
    SelfCompression,
    ThoughtChain,
    Trim,
)
from toolyard.llm.message import Message

LEAVES: list[ContextStrategy] = [Trim(), Trim(over=0.5, to=0.1), SelfCompression()]
STRATEGIES = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        inner.map(lambda each: DropOldResults(each, keep_rounds=1)), inner.map(NoveltyAware)
    ),
    max_leaves=3,
)
SAID = st.sampled_from(["1. All is well.\nREFS: 0, 99", "long " * 300, "", ModelError("No.")])


@settings(max_examples=150)
@given(histories(), STRATEGIES, SAID, st.integers(1, 3_000), st.booleans())
def test_what_is_left_is_valid_no_larger_and_holds_the_task(
    tmp_path_factory: pytest.TempPathFactory,
    messages: tuple[Message, ...],
    strategy: ContextStrategy,
    said: str | ModelError,
    context_tokens: int,
    thinks: bool,
) -> None:
    logging.getLogger("toolyard.agents").disabled = True
    path = tmp_path_factory.mktemp("chain") / "thoughts.jsonl" if thinks else None
    session = LLMSession(ScriptedModel(said, said), context_tokens=context_tokens)
    session.messages = messages
    try:
        anyio.run(compacted, strategy, session, path)
    finally:
        logging.getLogger("toolyard.agents").disabled = False

    left = session.messages
    assert tokens(left) <= tokens(messages)
    check_valid(left)
    task = [each for each in messages if each.role == "user"][-1]
    now = [each for each in left if each.role == "user"][-1]
    assert now.parts[-len(task.parts) :] == task.parts
    assert (left[-1].role == "assistant") == (messages[-1].role == "assistant")


async def compacted(strategy: ContextStrategy, session: LLMSession, path: Path | None) -> None:
    if path is None:
        await strategy.compact(session, None)
        return
    async with ThoughtChain(path) as chain:
        thoughts = OwnThoughts(chain, "mai", lambda thought: None)
        await thoughts.commit("finding", "The yard is full.")
        await strategy.compact(session, thoughts)
