"""Policies that change one small thing: time, names, which tools there are."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import anyio
import pytest
from tests.registry.sources import Versioned

from toolyard.core.context import CallContext
from toolyard.core.errors import CallTimeout, ConfigError, UnknownName
from toolyard.core.protocol import Change
from toolyard.core.tool import ToolCall
from toolyard.core.toolbox import Toolbox
from toolyard.registry.policies.name_filter import NameFilter
from toolyard.registry.policies.rename import Rename
from toolyard.registry.policies.time_limit import TimeLimit
from toolyard.registry.tool_registry import ToolRegistry

OURS = CallContext()


async def test_a_call_that_takes_too_long_is_ended_and_sees_its_deadline() -> None:
    tools = Toolbox()
    seen: list[float] = []
    ended = anyio.Event()

    @tools.tool
    async def wait(seconds: float, context: CallContext) -> str:
        """Wait."""
        seen.append(context.remaining_s)
        try:
            await anyio.sleep(seconds)
        finally:
            ended.set()
        return "done"

    limited = TimeLimit(tools, 0.2)
    began = time.monotonic()
    with pytest.raises(CallTimeout):
        await limited.call_tool(ToolCall("wait", {"seconds": 60}), OURS)
    assert time.monotonic() - began < 30
    assert ended.is_set()
    assert 0 < seen[0] <= 0.2
    assert (await limited.call_tool(ToolCall("wait", {"seconds": 0}), OURS)).text == "done"
    sooner = CallContext(deadline=anyio.current_time() + 0.05)
    with pytest.raises(CallTimeout):
        await limited.call_tool(ToolCall("wait", {"seconds": 60}), sooner)
    assert seen[-1] <= 0.05


@pytest.mark.parametrize("limit_s", [0, -1, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(limit_s: float) -> None:
    with pytest.raises(ConfigError, match="time limit"):
        TimeLimit(Toolbox(), limit_s)


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({}, ["read_a", "read_b", "write_a"]),
        ({"only": ["read_*"]}, ["read_a", "read_b"]),
        ({"only": ["READ_*"]}, []),
        ({"only": []}, []),
        ({"without": ["*_a"]}, ["read_b"]),
        ({"only": ["read_?"], "without": ["read_b"]}, ["read_a"]),
    ],
)
async def test_only_tools_whose_names_fit_are_there(
    options: Mapping[str, Any], left: list[str]
) -> None:
    filtered = NameFilter(Versioned(1, "read_a", "read_b", "write_a"), **options)
    async with filtered:
        assert [tool.name for tool in await filtered.list_tools(OURS)] == left
        for name in ("read_a", "read_b", "write_a"):
            call = filtered.call_tool(ToolCall(name), OURS)
            if name in left:
                assert (await call).structured == {"version": 1}
            else:
                with pytest.raises(UnknownName):
                    await call


async def test_tools_get_other_names_also_each_other_s() -> None:
    async with Rename(Versioned(1, "a", "b", "c"), {"a": "b", "b": "a", "x": "y"}) as renamed:
        assert [tool.name for tool in await renamed.list_tools(OURS)] == ["b", "a", "c"]
        for name in ("a", "b", "c"):
            assert (await renamed.call_tool(ToolCall(name), OURS)).structured == {"version": 1}
    async with Rename(Versioned(1, "a"), {"a": "z"}) as renamed:
        with pytest.raises(UnknownName):
            await renamed.call_tool(ToolCall("a"), OURS)


@pytest.mark.parametrize(
    ("names", "said"), [({"a": "no name"}, "no name"), ({"a": "z", "b": "z"}, "same name")]
)
def test_names_that_cannot_be_are_refused(names: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Rename(Versioned(1, "a", "b"), names)


async def test_policies_of_a_mount_hold_for_each_of_its_sources() -> None:
    heard: list[Change] = []
    first = Versioned(1, "a", "b")
    policies = [partial(NameFilter, without=["b"]), partial(Rename, names={"a": "z"})]
    async with ToolRegistry() as registry:
        await registry.add("m", first, prefix="p", policies=policies)
        registry.subscribe(heard.append)
        assert [tool.name for tool in await registry.list_tools(OURS)] == ["p_z"]
        first.offer("a", "b", "c")
        assert [tool.name for tool in await registry.list_tools(OURS)] == ["p_z", "p_c"]
        await registry.swap("m", Versioned(2, "a", "b"))
        assert [tool.name for tool in await registry.list_tools(OURS)] == ["p_z"]
        result = await registry.call_tool(ToolCall("p_z"), OURS)
        assert result.structured == {"version": 2}
    assert heard == [Change("tools")] * 2
