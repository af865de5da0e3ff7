"""Sources that are watched while a registry uses them."""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import anyio

from toolyard.core.context import CallContext
from toolyard.core.errors import UnknownName
from toolyard.core.protocol import Change, Listener, Listeners
from toolyard.core.tool import Tool, ToolCall, ToolResult

ANY: Mapping[str, Any] = {"type": "object"}


class Versioned:
    """A source whose tools tell its version; it counts who uses it, and fails when told to."""

    def __init__(self, version: int, *names: str, schema: Mapping[str, Any] = ANY) -> None:
        self.version = version
        self.names = list(names)
        self.schema = schema
        self.listeners = Listeners()
        self.running = self.served = self.entered = self.left = 0
        self.release = anyio.Event()
        self.broken = anyio.Event()
        self.fails: str | None = None

    async def __aenter__(self) -> Self:
        self._fail_if("start")
        self.entered += 1
        # A scope that is entered here must be left by the same task.
        self._scope = anyio.CancelScope()
        self._scope.__enter__()
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._break_down)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert not self.running, "left while a call is under way"
        self.left += 1
        self._tasks.cancel_scope.cancel()
        try:
            await self._tasks.__aexit__(kind, error, traceback)
        finally:
            self._scope.__exit__(None, None, None)

    async def _break_down(self) -> None:
        await self.broken.wait()
        raise RuntimeError("it broke down")

    def _fail_if(self, moment: str) -> None:
        if self.fails == moment:
            raise OSError(f"no {moment}")

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        self._fail_if("list")
        return [Tool(name, f"Version {self.version}.", self.schema) for name in self.names]

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        assert self.entered == self.left + 1, "called while it is not entered"
        if call.name not in self.names:
            raise UnknownName("tool", call.name)
        self.running += 1
        try:
            if call.arguments.get("wait"):
                await self.release.wait()
            else:
                await anyio.lowlevel.checkpoint()
        finally:
            self.running -= 1
        self._fail_if("call")
        self.served += 1
        return ToolResult.of({"version": self.version}) if self.fails is None else _error()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        return self.listeners.subscribe(listener)

    def offer(self, *names: str) -> None:
        self.names = list(names)
        self.listeners.tell(Change("tools"))


def _error() -> ToolResult:
    return ToolResult.error("not well")
