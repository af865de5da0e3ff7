"""Tools that never wait are called in one step, which ends as any other call of them does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any

import pytest

from toolyard import Agent, CallContext, Toolbox, ToolCall, ToolError, ToolRegistry, ToolResult
from toolyard.core.errors import InputRequired, UnknownName
from toolyard.core.inputs import elicit
from toolyard.core.protocol import Instant, Instants
from toolyard.llm.message import ToolUse
from toolyard.llm.scripted_model import ScriptedModel


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
    later = await ended(lambda: tools.call_tool(call, CallContext()))
    async with ToolRegistry(tools) as registry:
        for run in (tools.instant(call.name), registry.instants.of(call.name)):
            assert run is not None
            assert await ended(partial(run, call.arguments)) == later


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
    assert [name for name in names if tools.instant(name)] == []


def test_what_is_offered_no_more_is_not_either() -> None:
    tools = box()
    tools.remove("add")
    assert tools.instant("add") is None
    tools.add(waits, name="add")
    assert tools.instant("add") is None


class Slow(Toolbox):
    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        await asyncio.sleep(0)
        return await super().call_tool(call, context)


class Instantly(Slow):
    def instant(self, name: str) -> Instant | None:
        return super().instant(name)


def seen(method: Any) -> Any:
    @wraps(method)
    async def inner(self: Any, *given: Any, **named: Any) -> Any:
        return await method(self, *given, **named)

    return inner


class Seen(Toolbox):
    call_tool = seen(Toolbox.call_tool)

    def instant(self, name: str) -> Instant | None:
        return super().instant(name)


def of(kind: type[Toolbox]) -> Toolbox:
    tools = kind()
    tools.add(add)
    return tools


@pytest.mark.parametrize("kind", [Slow, Seen])
def test_who_changes_calls_must_say_how_they_are_in_one_step(kind: type[Toolbox]) -> None:
    assert Instants(of(kind)).of("add") is None


@pytest.mark.parametrize("kind", [Toolbox, Instantly])
def test_who_does_is_believed(kind: type[Toolbox]) -> None:
    assert Instants(of(kind)).of("add") is not None


def test_calls_that_somebody_looks_at_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    tools = of(Toolbox)
    instants = Instants(tools)
    with monkeypatch.context() as patch:
        patch.setattr(tools, "call_tool", seen(tools.call_tool))
        assert instants.of("add") is None
        assert Instants(tools).of("add") is None
    assert instants.of("add") is not None
    monkeypatch.setattr(Toolbox, "call_tool", seen(Toolbox.call_tool))
    assert instants.of("add") is None
    assert Instants(tools).of("add") is None


class Audited(ToolRegistry):
    async def call_tool(self, call: ToolCall, context: CallContext, **more: Any) -> ToolResult:
        raise ToolError("Not permitted.")


async def test_an_agent_asks_the_registry_that_it_was_given() -> None:
    async with Audited(box()) as registry:
        script = ScriptedModel(ToolUse("1", "add", {"a": 1}), "Done.")
        agent = Agent("one", script, tools=registry)
        await agent.run("Go.")
    assert "Not permitted." in str(script.requests[-1].messages)


async def test_an_agent_ends_where_a_tool_cancels_its_own_task() -> None:
    async def end() -> None:
        """End."""
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        raise KeyError

    tools = Toolbox()
    tools.add(end)
    script = ScriptedModel(ToolUse("1", "end", {}), "Done.")
    async with ToolRegistry(tools) as registry:
        task = asyncio.create_task(Agent("one", script, tools=registry).run("Go."))
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(script.requests) == 1


async def test_a_registry_counts_and_knows_the_names_it_shows() -> None:
    async with ToolRegistry() as inner, ToolRegistry() as registry:
        await inner.add("own", box(), prefix="own")
        await registry.add("inner", inner, prefix="all")
        for name, arguments in (("all_own_add", {"a": 1}), ("all_own_misfit", {})):
            run = registry.instants.of(name)
            assert run is not None
            assert run(arguments).is_error == (name == "all_own_misfit")
        for each, name in ((registry, "inner"), (inner, "own")):
            health = each.health()[name]
            assert (health["calls"], health["errors"], health["in_flight"]) == (2, 1, 0)
        inner.disable("own", "own_add")
        assert registry.instants.of("all_own_add") is None
