"""The typed events of agents: what one does, as it does it.

No event holds a key or a token of ours; what models and tools say is in some of them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from toolyard.core.context import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEvent(Event):
    """Something that an agent did."""

    agent_id: str
    agent_name: str
    run_id: str = ""
    """Which of its runs it belongs to; empty outside of any."""
    at: float = field(default_factory=time.time, compare=False)
    """When, in seconds since 1970; it may be heard of later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendStarted(AgentEvent):
    """A run began."""

    message_preview: str
    """The first 120 characters of what was said to the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCompleted(AgentEvent):
    """A run ended with an answer."""

    tokens_used: int
    """By all its requests to the model, read and written."""
    cost_usd: float | None
    """Of the same; `None` if a price is not known."""
    tool_calls_made: int
    response_length: int
    """Of the answer, in bytes of UTF-8."""
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFailed(AgentEvent):
    """A run ended without an answer: by an error, or because it was cancelled."""

    error: str
    """A sentence, or `cancelled`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMCallStarted(AgentEvent):
    """The model is asked."""

    iteration: int
    """Which request of the run, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMCallCompleted(AgentEvent):
    """The model answered, with text or with tools that it wants run."""

    iteration: int
    model: str
    """As `PROVIDER:MODEL`; empty if not known."""
    tokens_used: int
    """By this request."""
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    """`None` if the price is not known."""
    response_length: int
    """Of the text, in bytes of UTF-8."""
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMReasoningDelta(AgentEvent):
    """The model thought on; only of a run that is streamed."""

    iteration: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMContentDelta(AgentEvent):
    """The model said more; only of a run that is streamed."""

    iteration: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMWaiting(AgentEvent):
    """The model has been silent for a while; told every few seconds until it speaks."""

    iteration: int
    elapsed_secs: float
    """Since it was asked."""
    seconds_since_last_token: float
    """The same, until it has begun to speak."""
    phase: Literal["first_token", "streaming"]
    """What is waited for: its first word, or the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallDetected(AgentEvent):
    """The model wants a tool run."""

    tool_name: str
    parameters: Mapping[str, Any]
    iteration: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolExecutionCompleted(AgentEvent):
    """A tool is done, well or not, or was not run because somebody decided so."""

    tool_name: str
    parameters: Mapping[str, Any]
    """With which it was run, which is not what the model wrote if somebody edited that."""
    success: bool
    error: str | None
    """What the model is told, if it did not go well."""
    result: str | None
    """What the model is told, if it did."""
    iteration: int
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolMaxIterationsReached(AgentEvent):
    """The run may run no more tools; the model is asked to answer without."""

    max_iterations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextCompacted(AgentEvent):
    """The conversation had become too long, and was made shorter."""

    strategy: str
    tokens_before: int
    tokens_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThoughtCommitted(AgentEvent):
    """A thought of the agent is on the disk."""

    thought_type: str
    index: int
    """Its place in the chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolAdded(AgentEvent):
    """The agent got another source of tools."""

    protocol_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolRemoved(AgentEvent):
    """The agent lost a source of tools."""

    protocol_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPromptSet(AgentEvent):
    """The agent was told anew what it is to be and do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived(AgentEvent):
    """Somebody said something to the agent that it need not answer now."""

    role: Literal["user", "assistant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forked(AgentEvent):
    """Another agent like this one was made, which knows nothing of what was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkedWithContext(AgentEvent):
    """Another agent like this one was made, which knows all that was said."""
