"""Conversations for strategies: at random, or of a size that can be told beforehand."""

from collections.abc import Sequence

from hypothesis import strategies as st
from tests.llm.moody import refuse

from toolyard import Image, ScriptedModel, Text
from toolyard.llm.chat import ChatRequest
from toolyard.llm.message import (
    Message,
    Part,
    Reasoning,
    ToolUse,
    ToolUseResult,
    assistant,
    tool_results,
    user,
)
from toolyard.llm.session import LLMSession
from toolyard.llm.token_estimate import MESSAGE_TOKENS, tokens_in

CONTEXT_TOKENS = 1_000

WORDS = st.integers(1, 60).map(lambda count: "word " * count)
CONTENT = st.lists(
    st.one_of(WORDS.map(Text), st.just(Text("")), st.just(Image(b"png"))), max_size=2
).map(tuple)


def of(tokens: int) -> str:
    """A text that makes a message of so many tokens."""
    return "w" * 4 * (tokens - MESSAGE_TOKENS)


def session_of(*messages: Message, context_tokens: int = CONTEXT_TOKENS) -> LLMSession:
    session = LLMSession(ScriptedModel(), context_tokens=context_tokens)
    session.messages = messages
    return session


def round_of(id: str, result: str | Text | Image, argument: str = "") -> tuple[Message, Message]:
    """A tool that the model asks for, and what came of it."""
    content = Text(result) if isinstance(result, str) else result
    use = ToolUse(id, "add", {"a": argument} if argument else {})
    return assistant(use), tool_results(ToolUseResult(id, "add", (content,)))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Message, ...]:
    """What a session may hold before a request: whole exchanges, and one that is under way."""
    made: list[Message] = []
    for _ in range(draw(st.integers(1, 4))):
        made.extend(_exchange(draw, len(made)))
    ends = draw(st.sampled_from(["answered", "told", "steered", "said"]))
    if ends != "answered":
        made.append(user(draw(WORDS)))
    if ends in ("told", "steered"):
        made.extend(_round(draw, len(made)))
    if ends == "steered":
        made.append(user(draw(WORDS)))
    return tuple(made)


def _exchange(draw: st.DrawFn, number: int) -> list[Message]:
    made = [user(draw(WORDS)) for _ in range(draw(st.integers(1, 2)))]
    for at in range(draw(st.integers(0, 4))):
        made.extend(_round(draw, number * 100 + at))
        if draw(st.integers(0, 5)) == 0:
            made.append(user(draw(WORDS)))
    parts: list[Part] = [Text(draw(WORDS))]
    if draw(st.booleans()):
        parts.insert(0, Reasoning(draw(WORDS), signature="c2lnbmVk"))
    return [*made, Message("assistant", tuple(parts))]


def _round(draw: st.DrawFn, number: int) -> list[Message]:
    uses = [
        ToolUse(f"u-{number}-{at}", "add", {"a": draw(WORDS)})
        for at in range(draw(st.integers(1, 2)))
    ]
    results = [
        ToolUseResult(use.id, use.name, draw(CONTENT), is_error=draw(st.booleans())) for use in uses
    ]
    return [Message("assistant", tuple(uses)), Message("tool", tuple(results))]


def check_valid(messages: Sequence[Message]) -> None:
    """Fail unless every provider takes the history, with something more said where it must be."""
    is_answered = messages[-1].role == "assistant"
    refuse(ChatRequest((*messages, user("Go on.")) if is_answered else messages))


def tokens(messages: Sequence[Message]) -> int:
    return sum(map(tokens_in, messages))
