"""The tools that a model asked for in one turn: decided upon, run, and told of."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import anyio

from toolyard.agents.approval import ALLOW, Approve, AwaitPerson, Decision, Deny, Edit
from toolyard.agents.limits import AgentLimits
from toolyard.agents.round_steps import STOPS, RoundSteps
from toolyard.agents.spans import RunSpan
from toolyard.agents.telling import Telling
from toolyard.core.call_scope import CallScope
from toolyard.core.content import Image, Text
from toolyard.core.context import CallContext
from toolyard.core.errors import InputRequired, ToolError, ToolyardError, UnknownName
from toolyard.core.groups import first_of
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.events.agent_events import ToolCallDetected, ToolExecutionCompleted
from toolyard.llm.message import ToolUse, ToolUseResult
from toolyard.llm.session import NOT_RUN
from toolyard.registry.tool_registry import ToolRegistry
from toolyard.storage.journal.steps import Steps

logger = logging.getLogger("toolyard.agents")

INTERRUPTED = "This tool was interrupted; whether it had an effect is not known."
CHANGED = "The tool is another one now than was decided about, and was not run; ask for it again."
MANY_NAMES = 50
"""More are not told to a model that asks for a tool that is not there."""


@dataclass(frozen=True, slots=True)
class ToolAccess:
    """The tools of an agent, and under which conditions it runs them."""

    registry: ToolRegistry
    limits: AgentLimits
    approve: Approve | None
    context: CallContext
    """As whom it lists and calls them."""
    steps: Steps | None = None
    """The journal's, of an agent that does one task after the other: each tool that is run, and
    each decision about one, is a step. Nothing is kept if it is not given."""


class ToolRound:
    """Runs what a model asked for in one turn, several at once; it may be cancelled at any point.

    Whatever goes wrong with a tool is told to the model and raised to nobody.
    """

    __slots__ = ("_access", "_begun", "_iteration", "_span", "_steps", "_telling", "_uses")

    def __init__(
        self,
        access: ToolAccess,
        uses: Sequence[ToolUse],
        telling: Telling,
        span: RunSpan,
        iteration: int,
    ) -> None:
        self._access = access
        self._uses = uses
        self._telling = telling
        self._span = span
        self._iteration = iteration
        self._begun = dict[int, ToolUseResult | None]()
        """What came of those that were begun or refused; `None` as long as they run."""
        self._steps = access.steps and RoundSteps(access.steps, uses, iteration)

    @property
    def results(self) -> Sequence[ToolUseResult]:
        """What came of each, in the order in which they were asked for."""
        return [self._begun.get(at) or self._unfinished(at) for at in range(len(self._uses))]

    def _unfinished(self, at: int) -> ToolUseResult:
        said = INTERRUPTED if at in self._begun else NOT_RUN
        return _refused(self._uses[at], said)

    async def run(self) -> None:
        """Run them all."""
        for use in self._uses:
            self._telling.tell(
                ToolCallDetected,
                tool_name=use.name,
                parameters=use.arguments,
                iteration=self._iteration,
            )
        most = self._access.limits.tools_per_turn
        for at, use in enumerate(self._uses[most:], most):
            self._finish(at, use, _refused(use, f"{NOT_RUN} At most {most} are, of one turn."))
        if len(self._uses) == 1:
            await self._take(0)
            return
        places = anyio.Semaphore(self._access.limits.tools_at_once)

        async def take(at: int) -> None:
            async with places:
                await self._take(at)

        try:
            async with anyio.create_task_group() as tasks:
                for at in range(min(most, len(self._uses))):
                    tasks.start_soon(take, at)
        except BaseExceptionGroup as several:  # a journal that cannot go on, and others with it
            raise first_of(several) from None

    async def _take(self, at: int) -> None:
        use, began = self._uses[at], time.perf_counter()
        run, refusal, admit, approve = use, None, _admits_all, self._access.approve
        if use.malformed is not None:
            refusal = _refused(use, f"The arguments are no JSON object: {_start_of(use)}")
        elif approve is not None:
            tool = self._access.registry.find(use.name)
            if tool is not None:
                decision, tool = await self._decision(approve, at, tool)
                run, refusal = _decided(use, decision)
            admit = partial(_refuse_another, tool)
        result = refusal or await self._call(at, use, run, admit)
        self._finish(at, run, result, time.perf_counter() - began)

    async def _decision(
        self, approve: Approve, at: int, tool: Tool
    ) -> tuple[Decision | None, Tool | None]:
        """What was decided about which tool."""
        use = self._uses[at]

        async def decide() -> Decision | None:
            try:
                with anyio.move_on_after(self._access.limits.approval_s):
                    return await approve(use, tool)
            except STOPS:
                raise
            except Exception:  # a decision that cannot be made is none
                logger.exception("nothing was decided about the tool %r", use.name)
            return None

        if self._steps is None:
            return await decide(), tool
        if isinstance(approve, AwaitPerson) and approve.needs_person(tool):
            return await self._steps.awaited(at, tool)
        return await self._steps.decision(at, tool, decide)

    async def _call(
        self, at: int, use: ToolUse, run: ToolUse, admit: Callable[[Tool], None]
    ) -> ToolUseResult:
        self._begun[at] = None
        result = await self._span.around_tool(use, self._kept(at, run, admit))
        if run is not use:
            note = f"(It was run with other arguments: {_written(run.arguments)})"
            result = replace(result, content=(Text(note), *result.content))
        return _within(ToolUseResult.of(use, result), self._access.limits.result_letters)

    def _kept(self, at: int, run: ToolUse, admit: Callable[[Tool], None]) -> Awaitable[ToolResult]:
        """What the tool answers, or answered before the run was interrupted."""
        if self._steps is None:
            return self._answer(run, admit)
        tool = self._access.registry.find(run.name)
        return self._steps.result(at, run, tool, lambda: self._answer(run, admit))

    async def _answer(self, use: ToolUse, admit: Callable[[Tool], None]) -> ToolResult:
        try:
            return await self._run(use.call, admit)
        except UnknownName:
            return ToolResult.error(await self._unknown(use.name))
        except InputRequired:
            return ToolResult.error(
                "The tool asks a person something, whom it cannot reach from here."
            )
        except ToolyardError as error:
            if self._steps is not None and isinstance(error, STOPS):
                raise  # the tool is an agent in the same run
            return ToolResult.error(str(error))
        except (Exception, SystemExit) as error:  # a bug of a source must not end the run, nor all
            logger.exception("the tool %r failed", use.name)
            kind = type(error).__name__
            return ToolResult.error(f"The tool failed: it ran into an unexpected {kind}.")

    async def _run(self, call: ToolCall, admit: Callable[[Tool], None]) -> ToolResult:
        access = self._access
        instant = access.registry.instants.of(call.name)
        tool = access.registry.find(call.name)
        if instant is not None and tool is not None:
            admit(tool)
            return instant(call.arguments)
        scope = CallScope(call.name)
        scope.limit(access.limits.tool_s)
        caller, ends = access.context.caller, scope.deadline
        context = CallContext(caller, ends, watched_deadline=ends)
        with scope:
            return await access.registry.call_tool(call, context, admit=admit, scope=scope)

    async def _unknown(self, name: str) -> str:
        tools = await self._access.registry.list_tools(self._access.context)
        names = ", ".join(tool.name for tool in tools[:MANY_NAMES])
        return f"There is no tool {name[:100]!r}; there are: {names or 'none'}."

    def _finish(
        self, at: int, run: ToolUse, result: ToolUseResult, duration_s: float = 0.0
    ) -> None:
        self._begun[at] = result
        if not self._telling.is_heard(ToolExecutionCompleted):
            return
        said = "\n".join(part.text for part in result.content if isinstance(part, Text))
        self._telling.tell(
            ToolExecutionCompleted,
            tool_name=run.name,
            parameters=run.arguments,
            success=not result.is_error,
            error=said if result.is_error else None,
            result=None if result.is_error else said,
            iteration=self._iteration,
            duration_s=duration_s,
        )


def _decided(use: ToolUse, decision: Decision | None) -> tuple[ToolUse, ToolUseResult | None]:
    """The use that may be run, or why none may."""
    if decision == ALLOW:
        return use, None
    if isinstance(decision, Edit):
        return replace(use, arguments=decision.arguments), None
    reason = decision.reason if isinstance(decision, Deny) else "Nobody has decided about it."
    return use, _refused(use, f"The tool was not run: {reason}")


def _admits_all(tool: Tool) -> None:
    del tool  # nobody decides about any


def _refuse_another(decided: Tool | None, tool: Tool) -> None:
    """Raise if `tool` took the place of the one that was decided about."""
    if tool != decided:
        raise ToolError(CHANGED)


def _refused(use: ToolUse, why: str) -> ToolUseResult:
    return ToolUseResult(use.id, use.name, (Text(why),), is_error=True)


def _start_of(use: ToolUse) -> str:
    return (use.malformed or "")[:200]


def _written(arguments: Mapping[str, Any]) -> str:
    return json.dumps(arguments, ensure_ascii=False, default=str)


def _within(result: ToolUseResult, most: int) -> ToolUseResult:
    """`result` with at most so many letters, and a note if there were more."""
    letters = sum([len(part.text) for part in result.content if isinstance(part, Text)])
    if letters <= most:
        return result
    parts, left = list[Text | Image](), most
    for part in result.content:
        if isinstance(part, Image):
            parts.append(part)
        elif left > 0:
            parts.append(part if len(part.text) <= left else Text(part.text[:left]))
            left -= len(part.text)
    note = Text(f"[{letters - most} more letters were cut off]")
    return replace(result, content=(*parts, note))
