"""One call of a tool for a caller, whichever way its request came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from toolyard.core.context import CallChannel, CallContext, Caller, EventHandler, scope_of
from toolyard.core.errors import InputRequired, MissingCapability
from toolyard.core.inputs import CAPABILITY_OF
from toolyard.core.protocol import Instant
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.servers.calls import Call, Calls
from toolyard.servers.exchange import Exchange
from toolyard.servers.scopes import of_tool, refuse_unless_may

MOST_ROUNDS = 8
"""How often one call may ask the client before it is refused."""
TOO_MANY_QUESTIONS = f"The tool asked for input more than {MOST_ROUNDS} times."


class ToolCalls:
    """Runs the tools of a registry within the bounds of a server's calls."""

    def __init__(self, registry: ToolRegistry, calls: Calls, emit: EventHandler) -> None:
        self._registry = registry
        self._calls = calls
        self._emit = emit

    def instant(self, name: str) -> Instant | None:
        """For `run_at_once`: what runs that tool as it is now, if it need not `run`."""
        return self._registry.instants.of(name)

    def run_at_once(self, instant: Instant, call: ToolCall, caller: Caller) -> ToolResult:
        """As `run`, by `instant`, in this very step.

        Raises:
            InputRequired: The call is not over: `run` goes on with it, with this question.
        """
        self._admitted(call.name, caller)
        return self._calls.at_once(call, caller, instant)

    def _admitted(self, name: str, caller: Caller) -> Tool | None:
        """The tool, if there is one, which `caller` may use."""
        tool = self._registry.find(name)
        refuse_unless_may(caller, scope_of("tool", name) if tool is None else of_tool(tool))
        return tool

    async def run(
        self,
        call: ToolCall,
        caller: Caller,
        exchange: Exchange | None,
        channel: CallChannel,
        *,
        inputs: Mapping[str, Any] | None = None,
        state: str | None = None,
        question: InputRequired | None = None,
    ) -> ToolResult:
        """Run `call` for `caller`; where the client can be asked meanwhile, it is.

        Args:
            call: As the client sent it.
            caller: Whose scopes count.
            exchange: The HTTP request, if there is one: it ends the call when the client leaves.
            channel: The way back to the client.
            inputs: Answers to what an earlier try of the call asked.
            state: What that try wanted to remember.
            question: What `run_at_once` got instead of a result.

        Raises:
            NotAllowed: The caller lacks the scope for the tool.
            InputRequired: The client must answer something, and repeat the call.
            Exception: Whatever else `Call` or the tool's source raises.
        """
        tool = self._admitted(call.name, caller)

        def admit(now: Tool) -> None:
            if now is not tool:
                refuse_unless_may(caller, of_tool(now))

        is_known, is_told = tool is not None, question is not None
        with Call(
            self._calls, call.name, caller, exchange, is_known=is_known, is_told=is_told
        ) as scope:
            until = scope.deadline
            context = CallContext(caller, until, channel, inputs or {}, state, self._emit, until)
            rounds = MOST_ROUNDS
            if question is not None:
                context = await _with_answers(question, context)
                rounds -= 1
            for _ in range(rounds):
                try:
                    scope.result = await self._registry.call_tool(
                        call, context, admit=admit, scope=scope
                    )
                    return scope.result
                except InputRequired as asked:
                    context = await _with_answers(asked, context)
            scope.result = ToolResult.error(TOO_MANY_QUESTIONS)
        return scope.result


def _refuse_unanswerable(question: InputRequired, context: CallContext) -> None:
    declared = context.channel.capabilities
    for request in question.requests.values():
        capability = CAPABILITY_OF[request.method]
        if capability not in declared:
            raise MissingCapability({capability: {}}) from None


async def _with_answers(question: InputRequired, context: CallContext) -> CallContext:
    """`context` with the client's answers; raises `question` where it cannot be asked now."""
    _refuse_unanswerable(question, context)
    if not context.channel.can_ask:
        raise question
    answers = dict(context.inputs)
    for key, request in question.requests.items():
        answers[key] = await context.channel.ask(request)
    return replace(context, inputs=answers, state=question.state)
