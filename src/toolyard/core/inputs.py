"""What a tool may ask of the caller's side while a call is under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class InputRequest:
    """One question to the caller's side: an MCP `method` and its parameters."""

    method: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])


def elicit(message: str, schema: Mapping[str, Any]) -> InputRequest:
    """Ask the user to fill a form: a flat object schema of strings, numbers, booleans and enums."""
    return InputRequest(
        "elicitation/create",
        {"mode": "form", "message": message, "requestedSchema": dict(schema)},
    )


def sample(prompt: str, *, max_tokens: int) -> InputRequest:
    """Ask the caller's model to answer `prompt` in at most `max_tokens` tokens."""
    messages = [{"role": "user", "content": {"type": "text", "text": prompt}}]
    return InputRequest("sampling/createMessage", {"messages": messages, "maxTokens": max_tokens})


def list_roots() -> InputRequest:
    """Ask which directories the caller's side works in."""
    return InputRequest("roots/list")


CAPABILITY_OF: Mapping[str, str] = {
    "elicitation/create": "elicitation",
    "sampling/createMessage": "sampling",
    "roots/list": "roots",
}
"""The client capability that each method of an `InputRequest` needs."""


def unanswered(requests: Mapping[str, InputRequest], answers: Mapping[str, Any]) -> Sequence[str]:
    """The keys of `requests` that `answers` does not hold, in order."""
    return [key for key in requests if key not in answers]
