"""What agents do, as log lines: nothing that was said is in them, only how much.

Numbers are in the records too, for logs in JSON: `model`, `latency_s`, `tokens` and the like.
"""

from __future__ import annotations

import logging
from typing import Any

from toolyard.core.printable import escaped
from toolyard.events.agent_events import (
    AgentEvent,
    ContextCompacted,
    Forked,
    ForkedWithContext,
    LLMCallCompleted,
    LLMCallStarted,
    LLMWaiting,
    MessageReceived,
    ProtocolAdded,
    ProtocolRemoved,
    SendCompleted,
    SendFailed,
    SendStarted,
    SystemPromptSet,
    ThoughtCommitted,
    ToolCallDetected,
    ToolExecutionCompleted,
    ToolMaxIterationsReached,
)

logger = logging.getLogger("toolyard.agents")

CANCELLED = "cancelled"
"""What `SendFailed` says of a run that nothing is wrong with."""


def log_agent_event(event: AgentEvent) -> None:
    """Write one line; how a run ended from INFO on, its steps for DEBUG only."""
    match event:
        case SendCompleted():
            _log_end(event)
        case SendFailed(error=error):
            level = logging.INFO if error == CANCELLED else logging.WARNING
            _log(level, event, "%s gave no answer: %s", escaped(error))
        case ToolExecutionCompleted():
            _log_tool(event)
        case LLMCallCompleted():
            _log_model(event)
        case ToolMaxIterationsReached(max_iterations=most):
            _log(logging.WARNING, event, "%s may run no more tools after %d requests", most)
        case ContextCompacted(tokens_before=before, tokens_after=after, strategy=strategy):
            said = "%s shortened what was said from %d to %d tokens by %s"
            _log(logging.INFO, event, said, before, after, escaped(strategy))
        case _:
            _log_step(event)


def _log_end(event: SendCompleted) -> None:
    _log(
        logging.INFO,
        event,
        "%s answered in %.1f s: %d tool calls, %d tokens, %s, %d bytes",
        *(event.duration_s, event.tool_calls_made, event.tokens_used),
        *(price(event.cost_usd), event.response_length),
        latency_s=event.duration_s,
        tokens=event.tokens_used,
        cost_usd=event.cost_usd,
    )


def _log_tool(event: ToolExecutionCompleted) -> None:
    level, how = (logging.DEBUG, "is done") if event.success else (logging.WARNING, "failed")
    told = event.result if event.success else event.error
    _log(
        level,
        event,
        f"%s: the tool %s {how} after %.3f s, with %d characters",
        *(escaped(event.tool_name), event.duration_s, len(told or "")),
        tool=event.tool_name,
        latency_s=event.duration_s,
    )


def _log_model(event: LLMCallCompleted) -> None:
    _log(
        logging.DEBUG,
        event,
        "%s: %s answered request %d in %.1f s: %d tokens read, %d written, %s",
        *(escaped(event.model) or "the model", event.iteration, event.duration_s),
        *(event.input_tokens, event.output_tokens, price(event.cost_usd)),
        model=event.model,
        latency_s=event.duration_s,
        tokens=event.tokens_used,
        cost_usd=event.cost_usd,
    )


def _log_step(event: AgentEvent) -> None:
    """What is known of an event that has no numbers of its own."""
    match event:
        case SendStarted():
            _log(logging.DEBUG, event, "%s begins a run")
        case LLMCallStarted(iteration=iteration):
            _log(logging.DEBUG, event, "%s asks the model, request %d", iteration)
        case LLMWaiting(elapsed_secs=elapsed):
            _log(logging.DEBUG, event, "%s has waited %.0f s for the model", elapsed)
        case ToolCallDetected(tool_name=tool):
            _log(logging.DEBUG, event, "%s: the model wants %s", escaped(tool))
        case ThoughtCommitted(thought_type=kind, index=index):
            _log(logging.DEBUG, event, "%s wrote down thought %d: %s", index, escaped(kind))
        case ProtocolAdded(protocol_name=name):
            _log(logging.INFO, event, "%s got the tools of %s", escaped(name))
        case ProtocolRemoved(protocol_name=name):
            _log(logging.INFO, event, "%s lost the tools of %s", escaped(name))
        case _:
            _log_change(event)


def _log_change(event: AgentEvent) -> None:
    match event:
        case SystemPromptSet():
            _log(logging.INFO, event, "%s got another system prompt")
        case MessageReceived(role=role):
            _log(logging.DEBUG, event, "%s was told something as %s", escaped(role))
        case Forked() | ForkedWithContext():
            _log(logging.DEBUG, event, "%s was copied")
        case _:  # what a model says as it says it
            pass


def price(cost_usd: float | None) -> str:
    """`cost_usd` for people, small sums as exactly as large ones."""
    if cost_usd is None:
        return "price unknown"
    return f"${cost_usd:.4f}" if cost_usd < 1 else f"${cost_usd:,.2f}"


def _log(level: int, event: AgentEvent, text: str, *values: object, **numbers: Any) -> None:
    if logger.isEnabledFor(level):
        extra = {"agent": event.agent_name, "run_id": event.run_id, **numbers}
        logger.log(level, text, escaped(event.agent_name), *values, extra=extra)
