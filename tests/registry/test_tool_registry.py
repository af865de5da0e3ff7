"""Many sources as one: names, clashes, changes, and sources that misbehave."""

import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import anyio
import anyio.lowlevel
import pytest
from tests.registry.sources import Versioned

from toolyard.core.context import CallContext
from toolyard.core.errors import InvalidTool, NameClash, ToolError, UnknownName
from toolyard.core.protocol import Change, Listener, Listeners
from toolyard.core.tool import Tool, ToolCall, ToolResult
from toolyard.core.toolbox import Toolbox
from toolyard.registry import relisting
from toolyard.registry.policies.rename import Rename
from toolyard.registry.tool_registry import ToolRegistry

OURS = CallContext()


async def _words() -> str:
    """Some words."""
    return "words"


def box(*names: str) -> Toolbox:
    tools = Toolbox()
    for name in names:
        tools.add(_words, name=name)
    return tools


class Moody:
    """A source whose listing can be held up or broken, and which counts its visitors."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.listeners = Listeners()
        self.error: BaseException | None = None
        self.listing, self.go_on = anyio.Event(), anyio.Event()
        self.go_on.set()
        self.entered = self.left = self.asked = 0
        self.fails_to_start = False

    async def __aenter__(self) -> Self:
        self.entered += 1
        if self.fails_to_start:
            raise OSError("cannot start")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.left += 1

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        self.asked += 1
        names = tuple(self.names)
        self.listing.set()
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        return [Tool(name, "Do it.", {"type": "object"}) for name in names]

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        return ToolResult.of({"called": call.name})

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        return self.listeners.subscribe(listener)

    def offer(self, *names: str) -> None:
        self.names = list(names)
        self.listeners.tell(Change("tools"))


async def names(registry: ToolRegistry) -> list[str]:
    return [tool.name for tool in await registry.list_tools(OURS)]


async def called(registry: ToolRegistry, name: str) -> str:
    result = await registry.call_tool(ToolCall(name), OURS)
    return result.structured.get("called", result.text)


async def test_tools_stand_in_the_order_of_their_sources() -> None:
    async with ToolRegistry(box("z", "a"), box("m", "b")) as registry:
        assert await names(registry) == ["z", "a", "m", "b"]
        assert await registry.list_tools(OURS) is await registry.list_tools(OURS)


@pytest.mark.parametrize(
    ("prefix", "shown"),
    [(None, "read"), ("", "read"), ("files", "files_read"), ("files-", "files-read")],
)
async def test_a_prefix_stands_before_every_name(prefix: str | None, shown: str) -> None:
    source = Moody("read")
    async with ToolRegistry() as registry:
        await registry.add("files", source, prefix=prefix)
        assert await names(registry) == [shown]
        assert await called(registry, shown) == "read"
        found = registry.find(shown)
        assert found is not None
        assert found.name == shown
        assert registry.find("other") is None
        if shown != "read":
            with pytest.raises(UnknownName, match="'read'"):
                await called(registry, "read")


async def test_a_prefix_that_makes_a_name_unfit_is_refused() -> None:
    async with ToolRegistry() as registry:
        for prefix in ("p" * 60, "a b", "é"):
            with pytest.raises(InvalidTool, match="long_enough"):
                await registry.add("x", box("long_enough"), prefix=prefix)
        assert await names(registry) == []


async def test_an_unknown_name_is_said() -> None:
    async with ToolRegistry(box("a")) as registry:
        with pytest.raises(UnknownName, match="'b'"):
            await called(registry, "b")


async def test_a_clash_names_both_and_changes_nothing() -> None:
    left, right = Moody("a", "b"), Moody("c", "b")
    async with ToolRegistry() as registry:
        await registry.add("left", left)
        with pytest.raises(NameClash, match=r"'left'.*'right'.*'b'.*prefix"):
            await registry.add("right", right)
        assert (right.entered, right.left) == (1, 1)
        assert await names(registry) == ["a", "b"]
        right.offer("d")
        assert await names(registry) == ["a", "b"]

        await registry.add("right", right, prefix="r")
        assert await names(registry) == ["a", "b", "r_d"]
    assert (left.entered, left.left, right.entered, right.left) == (1, 1, 2, 2)


async def test_a_mount_s_name_is_given_once() -> None:
    async with ToolRegistry() as registry:
        await registry.add("one", box("a"))
        with pytest.raises(NameClash, match="'one'"):
            await registry.add("one", box("b"))


async def test_a_source_that_offers_a_name_twice_is_refused() -> None:
    async with ToolRegistry() as registry:
        with pytest.raises(NameClash, match="'twice'"):
            await registry.add("twice", Moody("a", "a"))


async def test_a_source_that_fails_to_start_changes_nothing() -> None:
    failing = Moody("b")
    failing.fails_to_start = True
    heard: list[Change] = []
    async with ToolRegistry(box("a")) as registry:
        registry.subscribe(heard.append)
        with pytest.raises(OSError, match="cannot start"):
            await registry.add("failing", failing)
        assert await names(registry) == ["a"]
    assert (heard, failing.left) == ([], 0)


async def test_a_source_that_cannot_be_listed_is_left_again() -> None:
    failing = Moody("b")
    failing.error = ToolError("not today")
    async with ToolRegistry(box("a")) as registry:
        with pytest.raises(ToolError, match="not today"):
            await registry.add("failing", failing)
        assert failing.left == 1
        assert await names(registry) == ["a"]


async def test_a_registry_that_fails_to_start_leaves_its_sources_and_hears_no_more() -> None:
    first, second = Moody("a"), Moody("a")
    with pytest.raises(NameClash):
        async with ToolRegistry(first, second):
            pass
    assert (first.left, second.left) == (1, 1)
    first.offer("b")
    assert first.asked == 1


async def test_sources_are_left_in_the_opposite_order() -> None:
    left: list[str] = []

    class Noting(Moody):
        async def __aexit__(
            self,
            kind: type[BaseException] | None,
            error: BaseException | None,
            traceback: TracebackType | None,
        ) -> None:
            left.append(self.names[0])

    async with ToolRegistry(Noting("a"), Noting("b")):
        pass
    assert left == ["b", "a"]


async def test_a_change_is_told_after_it_is_in_force() -> None:
    source = Moody("a")
    seen: list[list[str]] = []
    told = anyio.Event()
    async with ToolRegistry(source) as registry:

        def hear(change: Change) -> None:
            assert change == Change("tools")
            seen.append([tool.name for tool in registry._offer.table.tools])
            told.set()

        registry.subscribe(hear)
        source.offer("b")
        source.offer("b", "c")
        with anyio.fail_after(5):
            await told.wait()
        assert seen == [["b", "c"]]
        assert source.asked == 2


async def test_a_call_waits_until_the_change_is_in_force() -> None:
    source = Moody("a")
    async with ToolRegistry(source) as registry:
        source.go_on = anyio.Event()
        source.listing = anyio.Event()
        source.offer("b")
        got: list[str] = []
        async with anyio.create_task_group() as tasks:

            async def ask() -> None:
                got.append(await called(registry, "b"))

            tasks.start_soon(ask)
            await source.listing.wait()
            tasks.start_soon(ask)
            await anyio.lowlevel.checkpoint()
            assert got == []
            source.go_on.set()
        assert got == ["b", "b"]


async def test_a_source_that_is_slow_to_list_does_not_hold_up_the_others() -> None:
    slow, quick = Moody("a"), Moody("b")
    async with ToolRegistry(slow, quick) as registry:
        slow.go_on = anyio.Event()
        slow.offer("c")
        await anyio.lowlevel.checkpoint()
        with anyio.fail_after(5):
            assert await called(registry, "b") == "b"
        slow.go_on.set()
        assert await names(registry) == ["c", "b"]


async def test_a_caller_that_goes_away_does_not_take_the_change_along() -> None:
    source = Moody("a")
    async with ToolRegistry(source) as registry, anyio.create_task_group() as tasks:
        source.go_on, source.listing = anyio.Event(), anyio.Event()
        with anyio.CancelScope() as caller:

            async def go_away() -> None:
                await source.listing.wait()
                caller.cancel()

            tasks.start_soon(go_away)
            source.offer("b")
            await registry.list_tools(OURS)
        assert caller.cancelled_caught
        source.go_on.set()
        assert await names(registry) == ["b"]


async def test_a_change_during_a_listing_is_listed_too() -> None:
    source = Moody("a")
    async with ToolRegistry(source) as registry:
        source.go_on, source.listing = anyio.Event(), anyio.Event()
        source.offer("b")
        await source.listing.wait()
        source.offer("c")
        source.go_on.set()
        assert await names(registry) == ["c"]


async def test_a_later_clash_hides_the_newcomer_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    left, right = Moody("a"), Moody("b")
    async with ToolRegistry() as registry:
        await registry.add("left", left)
        await registry.add("right", right)
        right.offer("b", "a")
        assert await names(registry) == ["a", "b"]
        assert "'left'" in caplog.text
        assert "'right'" in caplog.text
        left.offer("z")
        assert await names(registry) == ["z", "b", "a"]


@pytest.mark.parametrize(
    ("error", "level"),
    [(RuntimeError("a bug"), "ERROR"), (SystemExit(3), "ERROR"), (ToolError("away"), "WARNING")],
)
async def test_a_source_that_fails_to_list_anew_keeps_its_tools(
    error: BaseException, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = Moody("a")
    async with ToolRegistry(source, box("x")) as registry:
        source.error = error
        source.offer("b")
        assert await names(registry) == ["a", "x"]
        assert [record.levelname for record in caplog.records] == [level]
        source.error = None
        source.offer("b")
        assert await names(registry) == ["b", "x"]


async def test_a_source_that_offers_an_unfit_name_keeps_its_tools(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    source = Moody("a")
    async with ToolRegistry(source) as registry:
        source.offer("b", "not fit")
        assert await names(registry) == ["a"]
    assert "'not fit'" in caplog.text


async def test_a_source_that_never_lists_again_keeps_its_tools(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relisting, "LIST_S", 0.05)
    source = Moody("a")
    async with ToolRegistry(source) as registry:
        source.go_on = anyio.Event()
        source.offer("b")
        with anyio.fail_after(5):
            assert await names(registry) == ["a"]


async def test_other_changes_are_passed_on_at_once() -> None:
    source = Moody("a")
    heard: list[Change] = []
    async with ToolRegistry(source) as registry:
        unsubscribe = registry.subscribe(heard.append)
        changes = [Change("prompts"), Change("resources"), Change("resource", "notes://a")]
        for change in changes:
            source.listeners.tell(change)
        assert heard == changes
        unsubscribe()
        source.listeners.tell(Change("prompts"))
        assert heard == changes


async def test_adding_a_source_is_told() -> None:
    heard: list[Change] = []
    async with ToolRegistry() as registry:
        registry.subscribe(heard.append)
        await registry.add("one", Versioned(1, "a"))
    assert heard == [Change("tools")]


async def test_documents_and_prompts_that_come_and_go_with_a_mount_are_told() -> None:
    heard: list[Change] = []
    library = [Change("prompts"), Change("resources")]

    def told() -> list[Change]:
        changes = [change for change in heard if change.kind != "tools"]
        heard.clear()
        return changes

    async with ToolRegistry() as registry:
        registry.subscribe(heard.append)
        await registry.add("one", box("a"))
        assert told() == library
        await registry.add("two", Versioned(1, "b"))
        assert told() == []
        registry.disable("one")
        assert told() == library
        registry.enable("one")
        assert told() == library
        registry.disable("one", "a")
        assert told() == []
        await registry.swap("one", box("a"))
        assert told() == library
        await registry.remove("one")
        assert told() == library


async def test_a_registry_that_has_ended_hears_no_more() -> None:
    source = Moody("a")
    async with ToolRegistry(source) as registry:
        assert await names(registry) == ["a"]
    source.offer("b")
    assert source.asked == 1
    assert await names(registry) == []


async def test_the_next_list_after_a_swap_is_whole() -> None:
    """Every list and call meets one state or the other, never a mixture."""
    tools = box("a0", "b0")
    async with ToolRegistry(tools) as registry:
        for number in range(1, 50):
            tools.remove(f"a{number - 1}")
            tools.remove(f"b{number - 1}")
            tools.add(_words, name=f"a{number}")
            tools.add(_words, name=f"b{number}")
            assert await names(registry) == [f"a{number}", f"b{number}"]
            assert await called(registry, f"b{number}") == "words"


async def test_all_that_are_expected_start_at_the_same_time_and_stand_in_their_order() -> None:
    entered: list[Toolbox] = []
    are_all_in = anyio.Event()

    class Waiting(Toolbox):
        async def __aenter__(self) -> Self:
            entered.append(self)
            if len(entered) == 3:
                are_all_in.set()
            await are_all_in.wait()
            return await super().__aenter__()

    registry = ToolRegistry()
    for number in range(3):
        tools = Waiting()
        tools.add(_words, name=f"t{number}")
        registry.expect(f"m{number}", tools, policies=[lambda each: Rename(each, {"t1": "u1"})])
    with pytest.raises(NameClash, match="There is a mount 'm1' already"):
        registry.expect("m1", Toolbox())
    with anyio.fail_after(5):
        async with registry:
            assert [tool.name for tool in await registry.list_tools(OURS)] == ["t0", "u1", "t2"]


async def test_one_that_does_not_start_ends_those_that_are_starting() -> None:
    good, bad, slow = Moody("a"), Moody("b"), Moody("c")
    bad.fails_to_start = True
    slow.go_on = anyio.Event()
    registry = ToolRegistry(good, bad, slow)
    with anyio.fail_after(5), pytest.raises(OSError, match="cannot start"):
        await registry.__aenter__()
    assert (good.left, slow.left) == (good.entered, slow.entered)
