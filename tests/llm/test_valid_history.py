"""Every bad conversation is seen in every wire format, and what the dialects send is good."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.llm.speech.speech import model_at
from tests.llm.speech.speeches import SPEECHES
from tests.llm.test_providers import PNG
from tests.llm.valid_history import VALID
from tests.support.provider import API_KEY, Provider, serving

from toolyard import Image, Text
from toolyard.llm.chat import ChatRequest
from toolyard.llm.chat_model import close
from toolyard.llm.message import (
    Message,
    Reasoning,
    ToolUse,
    ToolUseResult,
    assistant,
    system,
    tool_results,
    user,
)

USER = user("Hello")
USES = assistant("Sure.", ToolUse("u-1", "add", {}), ToolUse("u-2", "add", {}))
RESULTS = (ToolUseResult("u-1", "add", (Text("3"),)), ToolUseResult("u-2", "add", (Text("4"),)))
SILENT = (ToolUseResult("u-1", "add", ()), ToolUseResult("u-2", "add", (), is_error=True))
GOOD: Mapping[str, Sequence[Message]] = {
    "a word": [USER],
    "two rounds": [system("Be brief."), USER, assistant("Hi"), USER],
    "tools": [USER, USES, tool_results(*RESULTS)],
    "more after tools": [USER, USES, tool_results(*RESULTS), USER, assistant("Hi"), USER],
    "tools one after another": [
        USER,
        USES,
        tool_results(*RESULTS),
        assistant(ToolUse("u-3", "add", {}, malformed="{")),
        tool_results(ToolUseResult("u-3", "add", (Text("No."),), is_error=True)),
    ],
    "pictures": [
        user("What is this?", Image(PNG)),
        assistant(ToolUse("u-1", "draw", {})),
        tool_results(ToolUseResult("u-1", "draw", (Image(PNG),))),
    ],
    "empty parts": [user("Hello", ""), assistant("Hi", ""), USER],
    "empty results": [USER, USES, tool_results(*SILENT)],
    "thoughts": [USER, assistant(Reasoning("Hm.", "S1=="), "Hi", Reasoning("So?", "S2==")), USER],
    "thoughts that were cut off": [USER, assistant(Reasoning("Hm", "S1==")), USER],
}
BAD: Mapping[str, Sequence[Message]] = {
    "an answer first": [assistant("Hi"), USER],
    "uses without results": [USER, USES, USER],
    "uses at the end": [USER, USES],
    "uses with a result too few": [USER, USES, tool_results(RESULTS[0]), USER],
    "uses whose results come late": [USER, USES, USER, tool_results(*RESULTS)],
    "results without uses": [USER, tool_results(*RESULTS)],
    "results of uses long before": [
        *(USER, USES, tool_results(*RESULTS)),
        *(assistant("Hi"), tool_results(*RESULTS)),
    ],
    "results of other uses": [USER, USES, tool_results(*RESULTS, ToolUseResult("u-9", "add", ()))],
    "a result twice": [USER, USES, tool_results(*RESULTS, RESULTS[0])],
    "an id twice": [USER, assistant(USES.tool_uses[0], USES.tool_uses[0]), tool_results(*RESULTS)],
}


async def body_of(provider: str, messages: Sequence[Message]) -> Mapping[str, Any]:
    speech = SPEECHES[provider]
    async with serving(Provider(speech.text("Hi"))) as server:
        model = model_at(server, speech, API_KEY)
        await model.reply(ChatRequest(messages))
        await close(model)
    return server.requests[0].body


@pytest.mark.parametrize("messages", GOOD.values(), ids=GOOD)
@pytest.mark.parametrize("provider", VALID)
async def test_what_a_dialect_sends_is_good(provider: str, messages: Sequence[Message]) -> None:
    VALID[provider](await body_of(provider, messages))


@pytest.mark.parametrize("messages", BAD.values(), ids=BAD)
@pytest.mark.parametrize("provider", VALID)
async def test_what_is_bad_is_seen(provider: str, messages: Sequence[Message]) -> None:
    body = await body_of(provider, messages)
    with pytest.raises(AssertionError):
        VALID[provider](body)


HELLO: Mapping[str, Any] = {"type": "text", "text": "Hello"}
THOUGHT: Mapping[str, Any] = {"type": "thinking", "thinking": "Hm.", "signature": "S1"}
USE: Mapping[str, Any] = {"type": "tool_use", "id": "u-1", "name": "add", "input": {}}
RESULT: Mapping[str, Any] = {"type": "tool_result", "tool_use_id": "u-1", "content": [HELLO]}


REFUSED_TURNS: Sequence[Sequence[Sequence[Any]]] = [
    [[HELLO], [HELLO]],
    [[HELLO], [], [HELLO]],
    [[{"type": "text", "text": " "}]],
    [[HELLO], [{**THOUGHT, "signature": ""}, HELLO], [HELLO]],
    [[HELLO], [HELLO, THOUGHT], [HELLO]],
    [[THOUGHT, HELLO]],
    [[HELLO], [{**USE, "input": "{"}], [RESULT]],
    [[HELLO], [USE], [HELLO, RESULT]],
    [[HELLO], [USE], [{**RESULT, "content": [], "is_error": True}]],
    [[HELLO], [USE], [{**RESULT, "content": [{"type": "text", "text": ""}]}]],
    [[HELLO], [USE], [RESULT], [USE], [RESULT]],
]


@pytest.mark.parametrize("turns", REFUSED_TURNS)
def test_what_anthropic_would_not_take(turns: Sequence[Sequence[Any]]) -> None:
    messages = [
        {"role": "assistant" if index % 2 else "user", "content": blocks}
        for index, blocks in enumerate(turns)
    ]
    with pytest.raises(AssertionError):
        VALID["anthropic"]({"messages": messages})


def test_roles_that_anthropic_would_not_take() -> None:
    for roles in (["user", "user"], ["user", "system"], ["user", "assistant"]):
        messages = [{"role": role, "content": [HELLO]} for role in roles]
        with pytest.raises(AssertionError):
            VALID["anthropic"]({"messages": messages})


CALL: Mapping[str, Any] = {"functionCall": {"id": "u-1", "name": "add", "args": {}}}
TOLD: Mapping[str, Any] = {"functionResponse": {"id": "u-1", "name": "add", "response": {}}}


REFUSED_CONTENTS: Sequence[Sequence[tuple[str, Sequence[Any]]]] = [
    [("user", [{"text": "Hello"}]), ("model", [{"text": "Hi"}])],
    [("user", [{"text": "Hello"}]), ("model", [CALL]), ("user", [TOLD, {"text": "And?"}])],
    [("user", [{"text": "Hello"}]), ("model", [{"text": "Hi"}, TOLD]), ("user", [TOLD])],
    [
        *(("user", [{"text": "Hello"}]), ("model", [{"text": "Hi"}])),
        *(("model", [{"text": "!"}]), ("user", [{"text": "Bye"}])),
    ],
    [("user", [{"text": ""}])],
    [("user", [])],
    [("user", [CALL])],
    [("user", [{"text": "Hello", "inlineData": {"data": "A", "mimeType": "image/png"}}])],
]


@pytest.mark.parametrize("said", REFUSED_CONTENTS)
def test_what_gemini_would_not_take(said: Sequence[tuple[str, Sequence[Any]]]) -> None:
    contents = [{"role": role, "parts": parts} for role, parts in said]
    with pytest.raises(AssertionError):
        VALID["gemini"]({"contents": contents})


REFUSED_MESSAGES: Sequence[Mapping[str, Any]] = [
    {"role": "assistant", "content": None},
    {"role": "assistant", "content": "Hi", "tool_calls": []},
    {"role": "user", "content": ""},
    {"role": "nobody", "content": "Hi"},
]


def test_what_openai_would_not_take() -> None:
    hello = {"role": "user", "content": "Hello"}
    with pytest.raises(AssertionError):
        VALID["openai"]({"messages": [{"role": "system", "content": "Be brief."}]})
    for message in REFUSED_MESSAGES:
        with pytest.raises(AssertionError):
            VALID["openai"]({"messages": [hello, message]})
