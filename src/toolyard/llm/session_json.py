"""What was said as JSON, to be kept and taken up again; there is no key in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from decimal import Decimal
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from toolyard.core.content import Image, Text
from toolyard.core.content_json import content_json, content_of
from toolyard.core.errors import StoreError
from toolyard.llm.chat import Reply
from toolyard.llm.chat_model import ChatModel
from toolyard.llm.message import Message, Part, Reasoning, ToolUse, ToolUseResult
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.session import LLMSession
from toolyard.llm.usage import Usage

FORMAT = "toolyard.session/1"

_KINDS: Mapping[str, type[Reasoning | ToolUse | ToolUseResult]] = {
    "reasoning": Reasoning,
    "tool_use": ToolUse,
    "tool_result": ToolUseResult,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def session_json(session: LLMSession) -> str:
    """`session` without its model and prices."""
    settings = asdict(session.settings)
    cost = None if session.cost_usd is None else str(session.cost_usd)
    return json.dumps(
        {
            "format": FORMAT,
            "system_prompt": session.system_prompt,
            "context_tokens": session.context_tokens,
            "settings": settings,
            "usage": asdict(session.usage),
            "cost_usd": cost,
            "messages": [message_json(message) for message in session.messages],
        }
    )


def session_of(text: str, model: ChatModel) -> LLMSession:
    """The conversation in `text`, to be gone on with by `model`.

    Raises:
        StoreError: It is not what `session_json` writes.
    """
    try:
        said: Any = json.loads(text)
        if said["format"] != FORMAT:
            raise ValueError(said["format"])
        session = LLMSession(
            model,
            system_prompt=_checked(str, said["system_prompt"]),
            settings=_checked(ModelSettings, said["settings"]),
            context_tokens=_checked(int, said["context_tokens"]),
        )
        session.messages = tuple(map(message_of, said["messages"]))
        session.usage = _checked(Usage, said["usage"])
        session.cost_usd = _checked(Decimal | None, said["cost_usd"])
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise StoreError("This is no saved session, or one of a newer version.") from error
    return session


def message_json(message: Message) -> dict[str, Any]:
    """A message of a conversation."""
    said = {"role": message.role, "parts": list(map(_written_part, message.parts))}
    return {**said, "model": message.model} if message.model else said


def message_of(said: Mapping[str, Any]) -> Message:
    """The message that `message_json` wrote; it is said by anyone but the system."""
    if said["role"] == "system":  # it is kept by itself
        raise ValueError("system")
    parts = tuple(map(_part, said["parts"]))
    model = said.get("model", "")
    return _checked(Message, {"role": said["role"], "parts": parts, "model": model})


def reply_json(reply: Reply) -> dict[str, Any]:
    """A whole answer."""
    return {
        "message": message_json(reply.message),
        "usage": asdict(reply.usage),
        "finish": reply.finish,
        "model": reply.model,
    }


def reply_of(said: Mapping[str, Any]) -> Reply:
    """The answer that `reply_json` wrote."""
    usage = _checked(Usage, said["usage"])
    return Reply(message_of(said["message"]), usage, said["finish"], said["model"])


def _written_part(part: Part) -> dict[str, Any]:
    if isinstance(part, Text | Image):
        return content_json(part)
    said: dict[str, Any] = {"kind": _NAMES[type(part)]}
    for each in fields(part):
        value = getattr(part, each.name)
        if isinstance(part, ToolUseResult) and each.name == "content":
            value = list(map(content_json, part.content))
        if value is not None:
            said[each.name] = value
    return said


def _part(said: Mapping[str, Any]) -> Part:
    if said["kind"] not in _KINDS:
        return _shown(said)
    members = {name: value for name, value in said.items() if name != "kind"}
    kind = _KINDS[said["kind"]]
    if kind is ToolUseResult:
        members["content"] = tuple(map(_shown, members["content"]))
    return _checked(kind, members)


def _shown(said: Mapping[str, Any]) -> Text | Image:
    block = content_of(said)
    if not isinstance(block, Text | Image):  # a model is shown nothing else
        raise TypeError(said["kind"])
    return block


def _checked(kind: Any, value: Any) -> Any:
    return _adapter(kind).validate_python(value)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
