"""A registry beside a simple model of it: random changes and calls, which must agree."""

from dataclasses import dataclass, field

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.registry.sources import Versioned

from toolyard.core.context import CallContext
from toolyard.core.errors import NameClash, SwapRefused, UnknownName
from toolyard.core.tool import ToolCall
from toolyard.registry.tool_registry import ToolRegistry

MOUNTS = ("a", "b", "c")
TOOLS = ("t", "u", "v", "w")
OURS = CallContext()

mounts, tools = st.sampled_from(MOUNTS), st.sets(st.sampled_from(TOOLS))
steps = st.one_of(
    st.tuples(st.just("add"), mounts, tools),
    st.tuples(st.just("swap"), mounts, tools),
    st.tuples(st.just("swap badly"), mounts, tools),
    st.tuples(st.just("offer"), mounts, tools),
    st.tuples(st.just("remove"), mounts, st.just(set[str]())),
    st.tuples(st.just("disable"), mounts, st.just(set[str]())),
    st.tuples(st.just("enable"), mounts, st.just(set[str]())),
    st.tuples(st.just("break down"), mounts, st.just(set[str]())),
)


@dataclass
class Modelled:
    """What the model knows of one mount."""

    version: int
    tools: list[str]
    is_enabled: bool = True
    is_alive: bool = True

    @property
    def offered(self) -> list[str]:
        return self.tools if self.is_enabled and self.is_alive else []


@dataclass
class Model:
    """Mounts in their order, and who has which name."""

    mounts: dict[str, Modelled] = field(default_factory=dict[str, Modelled])
    holders: dict[str, str] = field(default_factory=dict[str, str])

    def settle(self) -> None:
        """Who has a name keeps it; else the first that offers it gets it."""
        kept = {
            tool: name
            for tool, name in self.holders.items()
            if name in self.mounts and tool in self.mounts[name].offered
        }
        for name, mount in self.mounts.items():
            for tool in mount.offered:
                kept.setdefault(tool, name)
        self.holders = kept

    def clashes(self, name: str, offered: list[str]) -> bool:
        return any(self.holders.get(tool, name) != name for tool in offered)

    @property
    def listed(self) -> list[str]:
        return [
            tool
            for name, mount in self.mounts.items()
            for tool in mount.offered
            if self.holders[tool] == name
        ]


class Play:
    """Does the same to a registry and to its model."""

    def __init__(self, registry: ToolRegistry) -> None:
        self.registry = registry
        self.model = Model()
        self.sources: dict[str, Versioned] = {}
        self.all: list[Versioned] = []

    async def step(self, what: str, name: str, offered: set[str]) -> None:
        source = Versioned(len(self.all), *sorted(offered))
        await getattr(self, what.replace(" ", "_"))(name, source)
        self.model.settle()
        await self.agree()

    async def add(self, name: str, source: Versioned) -> None:
        if name in self.model.mounts or self.model.clashes(name, source.names):
            with pytest.raises(NameClash):
                await self.registry.add(name, source)
            return
        await self.registry.add(name, source)
        self._took(name, source, Modelled(source.version, source.names))

    async def swap(self, name: str, source: Versioned) -> None:
        if name not in self.model.mounts:
            with pytest.raises(UnknownName):
                await self.registry.swap(name, source)
            return
        if self.model.clashes(name, source.names):
            with pytest.raises(NameClash):
                await self.registry.swap(name, source)
            return
        await self.registry.swap(name, source)
        is_enabled = self.model.mounts[name].is_enabled
        self._took(name, source, Modelled(source.version, source.names, is_enabled))

    async def swap_badly(self, name: str, source: Versioned) -> None:
        source.fails = "start"
        with pytest.raises((OSError, UnknownName)):
            await self.registry.swap(name, source)
        source.fails = "answer"
        with pytest.raises((SwapRefused, UnknownName)):
            await self.registry.swap(name, source, probe=ToolCall("t"))

    async def offer(self, name: str, source: Versioned) -> None:
        if name in self.model.mounts and self.model.mounts[name].is_alive:
            self.sources[name].offer(*source.names)
            self.model.mounts[name].tools = source.names
            await self.registry.list_tools(OURS)

    async def remove(self, name: str, source: Versioned) -> None:
        if name not in self.model.mounts:
            with pytest.raises(UnknownName):
                await self.registry.remove(name)
            return
        await self.registry.remove(name)
        del self.model.mounts[name]

    async def disable(self, name: str, source: Versioned) -> None:
        if name in self.model.mounts:
            self.registry.disable(name)
            self.model.mounts[name].is_enabled = False

    async def enable(self, name: str, source: Versioned) -> None:
        if name in self.model.mounts:
            self.registry.enable(name)
            self.model.mounts[name].is_enabled = True

    async def break_down(self, name: str, source: Versioned) -> None:
        if name in self.model.mounts and self.model.mounts[name].is_alive:
            self.sources[name].broken.set()
            self.model.mounts[name].is_alive = False
            with anyio.fail_after(5):
                while self.registry.health()[name]["state"] != "failed":
                    await anyio.lowlevel.checkpoint()

    def _took(self, name: str, source: Versioned, modelled: Modelled) -> None:
        self.model.mounts[name] = modelled
        self.sources[name] = source
        self.all.append(source)

    async def agree(self) -> None:
        listed = await self.registry.list_tools(OURS)
        assert [tool.name for tool in listed] == self.model.listed
        for tool in TOOLS:
            call = self.registry.call_tool(ToolCall(tool), OURS)
            holder = self.model.holders.get(tool)
            if holder is None:
                with pytest.raises(UnknownName):
                    await call
            else:
                version = self.model.mounts[holder].version
                assert (await call).structured == {"version": version}


@settings(max_examples=100)
@given(st.lists(steps, min_size=8, max_size=40))
def test_a_registry_does_what_a_simple_model_says(
    sequence: list[tuple[str, str, set[str]]],
) -> None:
    async def play() -> None:
        async with ToolRegistry() as registry:
            played = Play(registry)
            for step in sequence:
                await played.step(*step)
        assert all(source.entered == source.left for source in played.all)

    anyio.run(play)
