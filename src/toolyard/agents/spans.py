"""Traces of runs and tools, by OpenTelemetry's conventions for agents.

No message, argument or result is in them: only who ran, which tool, and how it ended.
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, TypeVar

from toolyard.agents.identity import Identity
from toolyard.core.errors import ToolyardError
from toolyard.core.tool import ToolResult
from toolyard.core.tracing import is_traced
from toolyard.llm.message import ToolUse

if TYPE_CHECKING:
    from opentelemetry.trace import Span

T = TypeVar("T")


class RunSpan:
    """The span of one run, which is the parent of those of models and tools.

    It is the current one only in `around`: a run that is streamed gives others the turn.
    """

    __slots__ = ("_identity", "_span")

    def __init__(self, identity: Identity, run_id: str) -> None:
        self._identity = identity
        self._span: Span | None = None
        if is_traced():
            from opentelemetry.trace import get_tracer

            attributes = {**self._who("invoke_agent"), "gen_ai.conversation.id": run_id}
            self._span = get_tracer("toolyard").start_span(
                f"invoke_agent {identity.name}", attributes=attributes
            )

    def around(self, work: Awaitable[T]) -> Awaitable[T]:
        """`work`, which belongs to the run."""
        return work if self._span is None else self._around(self._span, work)

    async def _around(self, span: Span, work: Awaitable[T]) -> T:
        from opentelemetry.trace import use_span

        with use_span(span, record_exception=False, set_status_on_exception=False):
            return await work

    def around_tool(self, use: ToolUse, work: Awaitable[ToolResult]) -> Awaitable[ToolResult]:
        """`work`, which has a span of its own, as it is one tool."""
        return work if self._span is None else self._around_tool(use, work)

    async def _around_tool(self, use: ToolUse, work: Awaitable[ToolResult]) -> ToolResult:
        from opentelemetry.trace import SpanKind, get_tracer

        attributes = {
            **self._who("execute_tool"),
            "gen_ai.tool.name": use.name,
            "gen_ai.tool.call.id": use.id,
        }
        with get_tracer("toolyard").start_as_current_span(
            f"execute_tool {use.name}",
            kind=SpanKind.INTERNAL,
            attributes=attributes,
            record_exception=False,
        ) as span:
            result = await work
            if result.is_error:
                _failed(span, "tool_error")
            return result

    def end(self, error: BaseException | None = None) -> None:
        """The run is over; with `error`, it went wrong."""
        if self._span is None:
            return
        if error is not None:
            _failed(self._span, error.code if isinstance(error, ToolyardError) else _kind(error))
        self._span.end()

    def _who(self, operation: str) -> Mapping[str, str]:
        return {
            "gen_ai.operation.name": operation,
            "gen_ai.agent.id": self._identity.id,
            "gen_ai.agent.name": self._identity.name,
        }


def _failed(span: Span, kind: str) -> None:
    """Say in a span that what it is of went wrong."""
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR, kind))


def _kind(error: BaseException) -> str:
    return type(error).__name__
