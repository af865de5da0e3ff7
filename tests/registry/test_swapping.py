"""Sources that come, go and take each other's place while calls run."""

from collections.abc import Callable, Sequence

import anyio
import anyio.lowlevel
import pytest
from tests.registry.sources import Versioned

from toolyard.core.context import CallContext, Event
from toolyard.core.errors import CallInterrupted, NameClash, SwapRefused, ToolyardError, UnknownName
from toolyard.core.protocol import Change
from toolyard.core.tool import ToolCall
from toolyard.core.wrapper import Wrapper
from toolyard.events.types import MountChanged, ToolHidden
from toolyard.registry.comparison import Comparison
from toolyard.registry.tool_registry import ToolRegistry

OURS = CallContext()
STRICT = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


async def names(registry: ToolRegistry) -> list[str]:
    return [tool.name for tool in await registry.list_tools(OURS)]


async def version(registry: ToolRegistry, tool: str = "t", **arguments: object) -> int:
    return (await registry.call_tool(ToolCall(tool, arguments), OURS)).structured["version"]


async def until(is_so: Callable[[], bool]) -> None:
    with anyio.fail_after(5):
        while not is_so():
            await anyio.lowlevel.checkpoint()


def told(registry: ToolRegistry, mount: str) -> dict[str, object]:
    return dict(registry.health()[mount])


async def test_calls_under_way_finish_on_the_old_source_and_later_ones_meet_the_new() -> None:
    old, new = Versioned(1, "t"), Versioned(2, "t")
    got: list[int] = []

    async def call() -> None:
        got.append(await version(registry, wait=True))

    async with ToolRegistry() as registry:
        await registry.add("m", old)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            await until(lambda: old.running == 1)
            comparison = await registry.swap("m", new)
            assert comparison.changed == ["t"]
            assert await version(registry) == 2
            assert (old.left, told(registry, "m")["draining"]) == (0, 1)
            old.release.set()
        await until(lambda: old.left == 1)
        assert got == [1]
        assert told(registry, "m")["draining"] == 0
        assert told(registry, "m")["swaps"] == 1
        assert told(registry, "m")["calls"] == 2
    assert (new.entered, new.left) == (1, 1)


async def test_a_swap_can_come_from_any_task() -> None:
    sources = [Versioned(number, "t") for number in range(5)]
    async with ToolRegistry() as registry:
        await registry.add("m", sources[0])
        for source in sources[1:]:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(registry.swap, "m", source)
        assert await version(registry) == 4
        await until(lambda: [source.left for source in sources] == [1, 1, 1, 1, 0])


async def test_swaps_of_one_mount_follow_each_other() -> None:
    sources = [Versioned(number, "t") for number in range(10)]
    async with ToolRegistry() as registry:
        await registry.add("m", sources[0])
        async with anyio.create_task_group() as tasks:
            for source in sources[1:]:
                tasks.start_soon(registry.swap, "m", source)
        await until(lambda: sum(source.entered - source.left for source in sources) == 1)
        assert told(registry, "m")["swaps"] == 9


@pytest.mark.parametrize("fails", ["start", "list", "call", "answer"])
async def test_a_source_that_is_not_fit_changes_nothing(fails: str) -> None:
    old, new = Versioned(1, "t"), Versioned(2, "t", "u")
    new.fails = fails
    heard: list[Change] = []
    async with ToolRegistry() as registry:
        await registry.add("m", old)
        registry.subscribe(heard.append)
        before = await registry.list_tools(OURS)
        with pytest.raises((OSError, SwapRefused)) as refused:
            await registry.swap("m", new, probe=ToolCall("t"))
        assert fails in str(refused.value) or "not well" in str(refused.value)
        assert await registry.list_tools(OURS) is before
        assert await version(registry) == 1
        assert (new.entered, heard) == (new.left, [])
        assert told(registry, "m")["state"] == "ready"


async def test_what_breaks_is_named_and_can_be_refused() -> None:
    old, new = Versioned(1, "t", "gone"), Versioned(2, "t", schema=STRICT)
    async with ToolRegistry() as registry:
        await registry.add("m", old, prefix="p")
        with pytest.raises(SwapRefused) as refused:
            await registry.swap("m", new, may_break=False)
        assert "'p_gone' is gone" in str(refused.value)
        assert "'a' is required now" in str(refused.value)
        assert new.left == 1
        comparison = await registry.swap("m", Versioned(2, "t", schema=STRICT))
        assert list(comparison.breaks) == list(refused.value.reasons)
        assert isinstance(comparison, Comparison)


async def test_another_mount_s_name_cannot_be_taken_by_a_swap() -> None:
    new = Versioned(3, "t", "u")
    async with ToolRegistry() as registry:
        await registry.add("m", Versioned(1, "t"))
        await registry.add("n", Versioned(2, "u"))
        with pytest.raises(NameClash, match=r"'n'.*'m'.*'u'"):
            await registry.swap("m", new)
        assert (new.left, await version(registry)) == (1, 1)


async def test_a_mount_that_is_removed_meanwhile_is_not_swapped() -> None:
    new = Versioned(2, "t")
    async with ToolRegistry() as registry:
        await registry.add("m", Versioned(1, "t"))

        class Slow(Wrapper):
            async def __aenter__(self) -> "Slow":
                await registry.remove("m")
                await self.source.__aenter__()
                return self

        with pytest.raises(UnknownName, match="mount: 'm'"):
            await registry.swap("m", Slow(new))
        assert (new.entered, new.left) == (1, 1)
        assert await names(registry) == []


async def test_place_prefix_and_policies_stay() -> None:
    class Louder(Wrapper):
        async def call_tool(self, call: ToolCall, context: CallContext):
            result = await self.source.call_tool(call, context)
            return type(result).of({"version": result.structured["version"] * 10})

    async with ToolRegistry() as registry:
        await registry.add("m", Versioned(1, "t"), prefix="p", policies=[Louder, Louder])
        await registry.add("n", Versioned(7, "z"))
        assert await version(registry, "p_t") == 100
        await registry.swap("m", Versioned(2, "t"))
        assert await version(registry, "p_t") == 200
        assert await names(registry) == ["p_t", "z"]


async def test_a_swap_can_change_the_prefix() -> None:
    async with ToolRegistry() as registry:
        await registry.add("m", Versioned(1, "t", "u"), prefix="a")
        await registry.add("n", Versioned(9, "u"))
        registry.disable("m", "a_u")
        await registry.swap("m", Versioned(2, "t", "u"), prefix="b")
        assert await names(registry) == ["b_t", "u"]
        assert await version(registry, "b_t") == 2
        with pytest.raises(NameClash):
            await registry.swap("m", Versioned(3, "t", "u"), prefix="")
        assert await version(registry, "b_t") == 2


async def test_a_removed_mount_is_left_when_its_calls_are_done() -> None:
    source = Versioned(1, "t")
    got: list[int] = []
    async with ToolRegistry() as registry:
        await registry.add("m", source)
        async with anyio.create_task_group() as tasks:

            async def call() -> None:
                got.append(await version(registry, wait=True))

            tasks.start_soon(call)
            await until(lambda: source.running == 1)
            tasks.start_soon(registry.remove, "m")
            await until(lambda: registry.health() == {})
            assert await names(registry) == []
            with pytest.raises(UnknownName):
                await version(registry)
            assert source.left == 0
            source.release.set()
        assert (got, source.left) == ([1], 1)
        await registry.add("m", Versioned(2, "t"))
        assert await version(registry) == 2


async def test_calls_that_would_go_on_for_ever_are_interrupted() -> None:
    source = Versioned(1, "t")
    async with ToolRegistry() as registry:
        await registry.add("m", source)
        async with anyio.create_task_group() as tasks:

            async def call() -> None:
                with pytest.raises(CallInterrupted, match="'m' is being taken away"):
                    await version(registry, wait=True)

            tasks.start_soon(call)
            await until(lambda: source.running == 1)
            await registry.remove("m", drain_s=0.05)
        assert source.left == 1


async def test_the_end_of_a_registry_interrupts_what_still_runs() -> None:
    source = Versioned(1, "t")
    async with anyio.create_task_group() as tasks:
        async with ToolRegistry() as registry:
            await registry.add("m", source)

            async def call() -> None:
                with pytest.raises(CallInterrupted):
                    await version(registry, wait=True)

            tasks.start_soon(call)
            await until(lambda: source.running == 1)
            await registry.swap("m", Versioned(2, "t"))
        assert source.left == 1


async def test_mounts_and_tools_can_be_disabled_and_enabled() -> None:
    heard: list[Change] = []
    async with ToolRegistry() as registry:
        await registry.add("m", Versioned(1, "t", "u"), prefix="p")
        registry.subscribe(heard.append)
        registry.disable("m", "p_t")
        assert await names(registry) == ["p_u"]
        registry.disable("m")
        assert await names(registry) == []
        assert told(registry, "m")["state"] == "disabled"
        await registry.swap("m", Versioned(2, "t", "u"))
        assert await names(registry) == []
        registry.enable("m")
        assert await names(registry) == ["p_u"]
        registry.enable("m", "p_t")
        assert await names(registry) == ["p_t", "p_u"]
        assert await version(registry, "p_t") == 2
        assert heard == [Change("tools")] * 4
        for bad in (lambda: registry.disable("x"), lambda: registry.disable("m", "t")):
            with pytest.raises(UnknownName):
                bad()


async def test_a_mount_can_be_drained() -> None:
    source = Versioned(1, "t")
    async with ToolRegistry() as registry:
        await registry.add("m", source)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: version(registry, wait=True))
            await until(lambda: source.running == 1)
            assert await registry.drain("m", drain_s=0.02) == 1
            assert await names(registry) == []
            source.release.set()
            assert await registry.drain("m") == 0
        assert told(registry, "m")["state"] == "disabled"
        assert source.left == 0


async def test_who_has_a_name_keeps_it() -> None:
    left, right = Versioned(1, "a"), Versioned(2, "b")
    events: list[Event] = []
    async with ToolRegistry(emit=events.append) as registry:
        await registry.add("left", left)
        await registry.add("right", right)
        left.offer("a", "b")
        assert await names(registry) == ["a", "b"]
        assert await version(registry, "b") == 2, "although the other stands before it"
        assert told(registry, "left")["hidden"] == {"b": "right"}
        assert events[-1] == ToolHidden("b", "left", "right")
        right.offer("b", "c")
        assert await version(registry, "b") == 2
        await registry.swap("right", Versioned(3, "b"))
        assert await version(registry, "b") == 3, "the place keeps it"
        await registry.remove("right")
        assert await version(registry, "b") == 1
        assert "hidden" not in told(registry, "left")
    assert sum(isinstance(event, ToolHidden) for event in events) == 1


async def test_a_source_that_breaks_down_takes_only_its_own_tools_away() -> None:
    source, other = Versioned(1, "t"), Versioned(2, "u")
    events: list[Event] = []
    async with ToolRegistry(emit=events.append) as registry:
        await registry.add("m", source)
        await registry.add("n", other)
        source.broken.set()
        await until(lambda: told(registry, "m")["state"] == "failed")
        assert await names(registry) == ["u"]
        assert await version(registry, "u") == 2
        assert "an unexpected RuntimeError" in str(told(registry, "m")["last_error"])
        assert "broke down" not in str(registry.health())
        failed = events[-1]
        assert isinstance(failed, MountChanged)
        assert (failed.mount, failed.state) == ("m", "failed")
        await registry.swap("m", Versioned(3, "t"))
        assert await version(registry) == 3
        assert told(registry, "m")["state"] == "ready"


async def test_the_same_tools_again_are_no_change() -> None:
    heard: list[Change] = []
    source = Versioned(1, "t")
    async with ToolRegistry() as registry:
        await registry.add("m", source)
        registry.subscribe(heard.append)
        before = await registry.list_tools(OURS)
        await registry.swap("m", Versioned(1, "t"))
        assert await registry.list_tools(OURS) is before
        assert heard == []
        await registry.swap("m", Versioned(2, "t"))
        assert heard == [Change("tools")]
        source.offer("x")
        assert await names(registry) == ["t"], "who was swapped is not heard any more"


async def test_events_tell_the_life_of_a_mount() -> None:
    events: list[Event] = []
    async with ToolRegistry(emit=events.append) as registry:
        await registry.add("m", Versioned(1, "t"))
        await registry.swap("m", Versioned(2, "t"))
        registry.disable("m")
        registry.enable("m")
        await registry.drain("m")
        await registry.remove("m")
    states: Sequence[str] = [event.state for event in events if isinstance(event, MountChanged)]
    expected = ["ready", "ready", "disabled", "ready", "draining", "disabled", "removed"]
    assert states == expected


async def test_health_counts_calls_and_errors() -> None:
    source = Versioned(1, "t")
    async with ToolRegistry() as registry:
        await registry.add("m", source)
        assert told(registry, "m")["latency_ms"] is None
        await version(registry)
        source.fails = "answer"
        assert (await registry.call_tool(ToolCall("t"), OURS)).is_error
        source.fails = "call"
        with pytest.raises(OSError, match="no call"):
            await version(registry)
        health = told(registry, "m")
    assert (health["calls"], health["errors"], health["in_flight"], health["tools"]) == (3, 2, 0, 1)
    assert isinstance(health["latency_ms"], float)
    assert str(health["since"]).endswith("+00:00")


async def test_a_registry_that_is_not_entered_says_so() -> None:
    with pytest.raises(ToolyardError, match="not entered"):
        await ToolRegistry().add("m", Versioned(1, "t"))


async def test_a_name_that_is_being_started_is_taken() -> None:
    async with ToolRegistry() as registry, anyio.create_task_group() as tasks:
        tasks.start_soon(registry.add, "m", Versioned(1, "t"))
        await anyio.lowlevel.checkpoint()
        with pytest.raises(NameClash, match="'m'"):
            await registry.add("m", Versioned(2, "u"))


async def test_a_cancelled_registry_leaves_its_sources() -> None:
    source = Versioned(1, "t")
    with anyio.move_on_after(0.02):
        async with ToolRegistry(source):
            await anyio.sleep_forever()
    assert (source.entered, source.left) == (1, 1)


async def test_tools_are_found_by_words() -> None:
    async with ToolRegistry(Versioned(1, "read_file", "write_file", "send_mail")) as registry:
        assert [tool.name for tool in registry.search("file")] == ["read_file", "write_file"]
        assert registry.search("wri files file")[0].name == "write_file"
        assert [tool.name for tool in registry.search("version", limit=2)] == [
            "read_file",
            "write_file",
        ]
        assert registry.search("nothing of it") == []
        assert registry.search("") == []
