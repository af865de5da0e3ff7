"""A registry has its mounts watch what is watched in it, whenever they come or go."""

from collections.abc import Sequence

from tests.support.asked import AskedToolbox

from toolyard.core.protocol import Change
from toolyard.core.toolbox import Toolbox
from toolyard.core.watching import Watched
from toolyard.registry.policies.rename import Rename
from toolyard.registry.tool_registry import ToolRegistry

A, B = "notes://a", "notes://b"


def asked() -> tuple[Toolbox, Watched]:
    box = AskedToolbox()
    return box, box.asked.watched


def uris(*watched: Watched) -> Sequence[Sequence[str]]:
    return [sorted(each) for each in watched]


async def test_what_is_watched_is_watched_in_every_mount_as_long_as_it_is_there() -> None:
    (one, in_one), (two, in_two), (three, in_three) = asked(), asked(), asked()
    async with ToolRegistry(Toolbox(), ToolRegistry(one)) as registry:
        unwatch, again = registry.library.watch(A), registry.library.watch(A)
        await registry.add("two", Rename(two, {}))
        assert uris(in_one, in_two) == [[A], [A]]
        other = registry.library.watch(B)
        registry.disable("two")
        assert uris(in_one, in_two) == [[A, B], []]
        registry.enable("two")
        unwatch()
        unwatch()
        assert uris(in_one, in_two) == [[A, B], [A, B]]
        await registry.swap("two", three)
        again()
        assert uris(in_one, in_two, in_three) == [[B], [], [B]]
        await registry.remove("two")
        other()
        assert uris(in_one, in_three) == [[], []]


async def test_who_watches_is_told_when_another_mount_may_have_the_document() -> None:
    heard: list[Change] = []
    async with ToolRegistry(asked()[0]) as registry:
        registry.library.watch(A)
        registry.subscribe(heard.append)
        await registry.swap("source-0", asked()[0])
        await registry.add("tools", ToolRegistry(Toolbox()))
    assert heard.count(Change("resource", A)) == 2
