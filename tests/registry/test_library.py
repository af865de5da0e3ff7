"""Documents and prompts of several sources as one library."""

from collections.abc import Sequence

import pytest

from toolyard.core.context import CallContext
from toolyard.core.errors import ToolError, UnknownName
from toolyard.core.library import Library
from toolyard.core.protocol import Listeners, PromptInfo, ResourceInfo
from toolyard.core.threads import Threads
from toolyard.core.toolbox import Toolbox
from toolyard.registry.tool_registry import ToolRegistry

OURS = CallContext()


def library(word: str, *uris: str, prompt: str = "greet") -> Toolbox:
    box = Toolbox()

    async def say() -> str:
        """Say it."""
        return word

    async def of_day(day: str) -> str:
        """Say it for a day."""
        return f"{word} {day}"

    for uri in uris:
        box.resource(uri)(of_day if "{" in uri else say)

    @box.prompt(name=prompt)
    async def greet(name: str = "") -> str:
        """Greet."""
        return f"{word} {name}"

    @box.completion(prompt, "name")
    async def names(typed: str) -> list[str]:
        return [f"{word}-{typed}"]

    assert greet
    assert names
    return box


async def test_documents_of_all_sources_are_listed_the_first_of_each_uri() -> None:
    one = library("one", "notes://a", "notes://{day}")
    two = library("two", "notes://a", "notes://b", "notes://{day}", "days://{day}", prompt="other")
    async with ToolRegistry(one, two) as registry:
        listed = await registry.library.list_resources(OURS)
        assert [info.uri for info in listed] == ["notes://a", "notes://b"]
        templates = await registry.library.list_resource_templates(OURS)
        assert [info.uri for info in templates] == ["notes://{day}", "days://{day}"]
        assert (await registry.library.read_resource("notes://a", OURS))[0].text == "one"
        assert (await registry.library.read_resource("days://x", OURS))[0].text == "two x"
        with pytest.raises(UnknownName, match="elsewhere://"):
            await registry.library.read_resource("elsewhere://", OURS)


async def test_prompts_carry_the_prefix_of_their_source() -> None:
    async with ToolRegistry(library("one")) as registry:
        await registry.add("two", library("two"), prefix="two")
        await registry.add("three", library("three"))
        assert [info.name for info in await registry.library.list_prompts(OURS)] == [
            "greet",
            "two_greet",
        ]
        for name, word in (("greet", "one"), ("two_greet", "two")):
            (message,) = await registry.library.get_prompt(name, {"name": "ann"}, OURS)
            assert getattr(message.content, "text", None) == f"{word} ann"
            assert await registry.library.complete(name, "name", "a", OURS) == [f"{word}-a"]
        for ask in (
            registry.library.get_prompt("none", {}, OURS),
            registry.library.complete("none", "", "", OURS),
        ):
            with pytest.raises(UnknownName, match="none"):
                await ask


class BrokenLibrary(Library):
    """A library that lists nothing but its trouble."""

    def __init__(self, error: Exception) -> None:
        super().__init__(Threads(1), Listeners())
        self.error = error

    async def list_resources(self, context: CallContext) -> Sequence[ResourceInfo]:
        raise self.error

    async def list_prompts(self, context: CallContext) -> Sequence[PromptInfo]:
        raise self.error

    async def list_resource_templates(self, context: CallContext) -> Sequence[ResourceInfo]:
        raise self.error


@pytest.mark.parametrize("error", [RuntimeError("a bug"), ToolError("away")])
async def test_a_library_that_cannot_be_listed_does_not_hide_the_others(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Toolbox()
    broken.library = BrokenLibrary(error)
    async with ToolRegistry(broken, library("one", "notes://a", "notes://{day}")) as registry:
        assert [info.uri for info in await registry.library.list_resources(OURS)] == ["notes://a"]
        assert [info.name for info in await registry.library.list_prompts(OURS)] == ["greet"]
        assert len(await registry.library.list_resource_templates(OURS)) == 1
    assert "'source-0'" in caplog.text


async def test_a_registry_without_libraries_has_nothing() -> None:
    async with ToolRegistry() as registry:
        assert await registry.library.list_resources(OURS) == ()
        assert await registry.library.list_prompts(OURS) == ()
        with pytest.raises(UnknownName):
            await registry.library.read_resource("notes://a", OURS)
