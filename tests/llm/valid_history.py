"""Whether a provider would take the conversation in a request, by what each of them documents.

Each function takes the body of a request, and its `AssertionError` says what would be refused.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

Block = Mapping[str, Any]


def valid_openai(body: Mapping[str, Any]) -> None:
    """Chat completions; whoever is like OpenAI may be stricter, so a user is first here too."""
    messages: Sequence[Block] = body["messages"]
    _user_is_first([each["role"] for each in messages if each["role"] != "system"])
    waiting: list[str] = []
    for message in messages:
        role, content = message["role"], message.get("content")
        if role == "tool":
            id = message["tool_call_id"]
            assert id in waiting, f"the result {id} is of no use right before it"
            assert isinstance(content, str), f"the result {id} is no text"
            waiting.remove(id)
            continue
        _all_answered(waiting)
        assert role in ("system", "user", "assistant"), f"there is no role {role}"
        waiting = [each["id"] for each in message.get("tool_calls", ())]
        _unique(waiting)
        assert waiting or "tool_calls" not in message, "a list of no uses"
        assert waiting or content, f"the {role} says nothing"
    _all_answered(waiting)


def valid_anthropic(body: Mapping[str, Any]) -> None:
    """Messages."""
    messages: Sequence[Block] = body["messages"]
    roles = [each["role"] for each in messages]
    assert set(roles) <= {"user", "assistant"}, f"unknown roles in {roles}"
    _user_is_first(roles)
    assert all(one != other for one, other in pairwise(roles)), f"a role twice in {roles}"
    assert roles[-1] == "user", "only old models go on with what the assistant began"
    assert body.get("system") != "", "an empty system"
    waiting: list[str] = []
    for message in messages:
        blocks: Sequence[Block] = message["content"]
        assert blocks, f"the {message['role']} says nothing"
        for block in blocks:
            _fits_anthropic(block, message["role"])
        results = [each["tool_use_id"] for each in blocks if each["type"] == "tool_result"]
        _answers(results, waiting)
        begins = {each["type"] for each in blocks[: len(results)]}
        assert begins <= {"tool_result"}, "something comes before the results"
        assert not blocks[-1]["type"].endswith("thinking"), "a turn ends in thoughts"
        waiting = [each["id"] for each in blocks if each["type"] == "tool_use"]
    _unique([each["id"] for message in messages for each in message["content"] if "id" in each])


def _fits_anthropic(block: Block, role: str) -> None:
    kind = block["type"]
    if kind == "text":
        assert block["text"].strip(), "an empty text"
    elif kind == "image":
        assert block["source"]["data"], "an empty picture"
    elif kind == "tool_result":
        assert role == "user", "the assistant says a result"
        assert block.get("content") or not block.get("is_error"), "an error that says nothing"
        for each in block.get("content", ()):
            assert each["type"] in ("text", "image"), f"{each['type']} in a result"
            _fits_anthropic(each, role)
    else:
        assert role == "assistant", f"the user says {kind}"
        assert kind in ("tool_use", "thinking", "redacted_thinking"), f"there is no {kind}"
        assert kind != "thinking" or block["signature"], "thoughts without a signature"
        assert kind != "redacted_thinking" or block["data"], "sealed thoughts without data"
        assert kind != "tool_use" or isinstance(block["input"], dict), "no object is given"


def valid_gemini(body: Mapping[str, Any]) -> None:
    """Contents; a user may go on after the results of tools, which `user` says too."""
    contents: Sequence[Block] = body["contents"]
    roles = [each["role"] for each in contents]
    assert set(roles) <= {"user", "model"}, f"unknown roles in {roles}"
    _user_is_first(roles)
    assert ("model", "model") not in pairwise(roles), f"a role twice in {roles}"
    assert roles[-1] == "user", "there is nothing to answer"
    waiting: list[str] = []
    for content in contents:
        parts: Sequence[Block] = content["parts"]
        assert parts, f"the {content['role']} says nothing"
        for part in parts:
            _fits_gemini(part, content["role"])
        results = [each["functionResponse"] for each in parts if "functionResponse" in each]
        _answers([each["id"] for each in results], waiting)
        assert not results or len(results) == len(parts), "something stands beside the results"
        waiting = [each["functionCall"]["id"] for each in parts if "functionCall" in each]


def _fits_gemini(part: Block, role: str) -> None:
    kinds = part.keys() - {"thought", "thoughtSignature"}
    assert len(kinds) == 1, f"a part that is {kinds}"
    (kind,) = kinds
    if kind == "text":
        assert part["text"].strip() or part.get("thoughtSignature"), "an empty text"
    elif kind == "functionCall":
        assert role == "model", "the user says a use"
        assert isinstance(part[kind]["args"], dict), "no object is given"
    elif kind == "functionResponse":
        assert role == "user", "the model says a result"
        assert isinstance(part[kind]["response"], dict), "the result is no object"
    else:
        assert kind == "inlineData", f"there is no {kind}"
        assert part[kind]["data"], "an empty picture"


VALID: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "openai": valid_openai,
    "anthropic": valid_anthropic,
    "gemini": valid_gemini,
}
"""By the provider's name."""


def _user_is_first(roles: Sequence[str]) -> None:
    assert roles, "nobody says anything"
    assert roles[0] == "user", f"the {roles[0]} is first"


def _answers(results: Sequence[str], uses: Sequence[str]) -> None:
    unknown = [id for id in results if id not in uses]
    assert not unknown, f"the results {unknown} are of no use right before them"
    _unique(results)
    _all_answered([id for id in uses if id not in results])


def _all_answered(uses: Sequence[str]) -> None:
    assert not uses, f"the uses {uses} have no result right after them"


def _unique(ids: Sequence[str]) -> None:
    assert len(set(ids)) == len(ids), f"an id twice in {ids}"
