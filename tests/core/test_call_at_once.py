"""Tools that never wait are called in one step, which ends as any other call of them does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from toolyard import (
    CallContext,
    Toolbox,
    ToolCall,
    ToolError,
    ToolRegistry,
    ToolResult,
    UnknownName,
)
from toolyard.core.errors import InputRequired, NotAllowed
from toolyard.core.inputs import elicit
from toolyard.core.protocol import instant_in
from toolyard.core.tool import Tool


async def add(a: int, b: int = 2) -> int:
    """Add."""
    return a + b


async def fail(kind: str) -> int:
    """Fail."""
    raise FAILURES[kind]()


async def misfit() -> int:
    """Give something else."""
    return "no number"  # pyright: ignore[reportReturnType]


async def count(arguments: Mapping[str, Any]) -> dict[str, int]:
    return {"given": len(arguments)}


FAILURES: Mapping[str, Callable[[], BaseException]] = {
    "on purpose": lambda: ToolError("Not today."),
    "several": lambda: BaseExceptionGroup("both", [ToolError("One."), ToolError("Two.")]),
    "a bug": lambda: KeyError("/root/secret"),
    "the end": lambda: SystemExit(3),
    "an interrupt": KeyboardInterrupt,
    "a cancellation": asyncio.CancelledError,
    "a name": lambda: UnknownName("tool", "other"),
    "a question": lambda: InputRequired({"who": elicit("Who?", {"type": "object"})}, None),
}
CALLS: dict[str, ToolCall] = {
    "a number": ToolCall("add", {"a": 1}),
    "a schema": ToolCall("count", {"x": 1}),
    "a misfit": ToolCall("misfit"),
    "wrong arguments": ToolCall("add", {"a": "one"}),
    "wrong arguments for a schema": ToolCall("count", {"x": "one"}),
    "no such tool": ToolCall("none"),
    **{kind: ToolCall("fail", {"kind": kind}) for kind in FAILURES},
}
NUMBERS = {"type": "object", "additionalProperties": {"type": "integer"}}


def box() -> Toolbox:
    made = Toolbox()
    for tool in (add, fail, misfit):
        made.add(tool)
    made.add_schema("count", count, description="Count.", input_schema=NUMBERS)
    return made


async def ended(call: Callable[[], Any]) -> tuple[Any, ...]:
    """What it gave, or what it raised."""
    try:
        given = call()
        return "gave", await given if asyncio.iscoroutine(given) else given
    except Exception as error:
        return "raised", type(error), str(error)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
async def test_a_call_ends_the_same_in_one_step(call: ToolCall) -> None:
    tools = box()
    assert tools.never_waits(call.name) or call.name == "none"
    later = await ended(lambda: tools.call_tool(call, CallContext()))
    assert await ended(lambda: tools.call_at_once(call)) == later
    async with ToolRegistry(tools) as registry:
        assert await ended(lambda: registry.call_at_once(call)) == later


async def waits() -> None:
    """Wait."""
    await asyncio.sleep(0)


async def looks(context: CallContext) -> str:
    """Look who asks."""
    return context.caller.name


async def looks_too(arguments: Mapping[str, Any], context: CallContext) -> str:
    return context.caller.name


def blocks() -> None:
    """Work in a thread."""


def test_what_waits_or_looks_at_more_than_its_arguments_is_not() -> None:
    tools = Toolbox()
    for tool in (waits, looks, blocks):
        tools.add(tool)
    tools.add(add, name="limited", timeout_s=1)
    tools.add_schema("looks_too", looks_too, description="Look.", input_schema=NUMBERS)
    names = ("waits", "looks", "blocks", "limited", "looks_too", "none")
    assert [name for name in names if tools.never_waits(name)] == []


class Slow(Toolbox):
    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        await asyncio.sleep(0)
        return await super().call_tool(call, context)


class HalfSlow(Slow):
    def never_waits(self, name: str) -> bool:
        return super().never_waits(name)


class Counting(HalfSlow):
    def call_at_once(self, call: ToolCall) -> ToolResult:
        return super().call_at_once(call)


@pytest.mark.parametrize("kind", [Slow, HalfSlow])
def test_who_changes_calls_must_say_how_they_are_in_one_step(kind: type[Toolbox]) -> None:
    assert instant_in(kind()) is None


@pytest.mark.parametrize("kind", [Toolbox, Counting])
def test_who_does_is_believed(kind: type[Toolbox]) -> None:
    tools = kind()
    assert instant_in(tools) is tools


async def test_a_registry_counts_admits_and_knows_the_names_it_shows() -> None:
    def refuse(tool: Tool) -> None:
        raise NotAllowed(f"tool:{tool.name}")

    async with ToolRegistry() as inner, ToolRegistry() as registry:
        await inner.add("own", box(), prefix="own")
        await registry.add("inner", inner, prefix="all")
        call = ToolCall("all_own_add", {"a": 1})
        assert registry.never_waits(call.name)
        assert registry.call_at_once(call).structured == {"result": 3}
        assert registry.call_at_once(ToolCall("all_own_misfit")).is_error
        with pytest.raises(NotAllowed, match="all_own_add"):
            registry.call_at_once(call, admit=refuse)
        for each, name in ((registry, "inner"), (inner, "own")):
            health = each.health()[name]
            assert (health["calls"], health["errors"], health["in_flight"]) == (2, 1, 0)
        inner.disable("own", "own_add")
        assert not registry.never_waits(call.name)
