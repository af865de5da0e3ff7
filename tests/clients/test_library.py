"""Documents and prompts of a server, through the client and through a gateway."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from tests.clients.serving import ERAS, Asked, OldServer, answering, http, serving, url_of
from tests.clients.tools import BLOCKS, ICONS, META, NOTES
from tests.support.process import free_port

from toolyard import CallContext, MCPClient, Resource, Toolbox, ToolRegistry
from toolyard.core.errors import RemoteFault, UnknownName, Unreachable
from toolyard.core.protocol import LibraryProtocol, PromptMessage, library_of

CONTEXT = CallContext()


def shelf(word: str = "one") -> Toolbox:
    tools = Toolbox()

    @tools.resource(
        f"notes://{word}", mime_type="text/x", icons=ICONS, annotations=NOTES, meta=META
    )
    def note() -> Resource:
        """A note."""
        return Resource(f"notes://{word}", text=word, mime_type="text/x", resource_meta=META)

    @tools.resource(f"{word}://{{day}}")
    def day(day: str) -> bytes:
        """A day."""
        return day.encode()

    @tools.prompt(title="A greeting", icons=ICONS, meta=META)
    def greet(name: str, tone: str = "kind") -> list[Any]:
        """Greet."""
        return [f"{word} {name} {tone}", *(PromptMessage(block, "assistant") for block in BLOCKS)]

    @tools.completion("greet", "name")
    def names(begun: str) -> list[str]:
        return [f"{word}-{begun}"]

    del note, day, greet, names
    return tools


@asynccontextmanager
async def through(era: str, hops: int) -> AsyncGenerator[LibraryProtocol]:
    """The library of `shelf`, as it is seen through so many servers."""
    async with serving(shelf()) as url:
        client = MCPClient(url, revision=era)
        if hops == 1:
            async with client:
                assert client.library is not None
                yield client.library
            return
        async with serving(client) as gateway, MCPClient(gateway, revision=era) as outer:
            assert outer.library is not None
            yield outer.library


@pytest.mark.parametrize("hops", [1, 2])
@pytest.mark.parametrize("era", ERAS)
async def test_everything_of_documents_and_prompts_comes_through(era: str, hops: int) -> None:
    near = shelf().library
    with anyio.fail_after(30):
        async with through(era, hops) as far:
            assert list(await far.list_resources(CONTEXT)) == list(
                await near.list_resources(CONTEXT)
            )
            assert list(await far.list_resource_templates(CONTEXT)) == list(
                await near.list_resource_templates(CONTEXT)
            )
            assert list(await far.list_prompts(CONTEXT)) == list(await near.list_prompts(CONTEXT))
            for uri in ("notes://one", "one://monday"):
                assert list(await far.read_resource(uri, CONTEXT)) == list(
                    await near.read_resource(uri, CONTEXT)
                )
            filled = await far.get_prompt("greet", {"name": "ann"}, CONTEXT)
            assert list(filled) == list(await near.get_prompt("greet", {"name": "ann"}, CONTEXT))
            assert list(await far.complete("greet", "name", "a", CONTEXT)) == ["one-a"]


@pytest.mark.parametrize("hops", [1, 2])
@pytest.mark.parametrize("era", ERAS)
async def test_what_a_server_does_not_have_is_unknown_and_what_it_refuses_is_not(
    era: str, hops: int
) -> None:
    with anyio.fail_after(30):
        async with through(era, hops) as far:
            for ask in (
                far.read_resource("notes://none", CONTEXT),
                far.get_prompt("none", {}, CONTEXT),
                far.complete("none", "name", "a", CONTEXT),
            ):
                with pytest.raises(UnknownName, match="none"):
                    await ask
            with pytest.raises(RemoteFault, match="name"):
                await far.get_prompt("greet", {}, CONTEXT)


async def test_libraries_of_several_servers_are_one_and_a_dead_one_holds_nobody_up() -> None:
    port = free_port()
    heard = anyio.Event()
    with anyio.fail_after(30):
        async with ToolRegistry() as registry, serving(shelf("two")) as second:
            library = registry.library
            async with serving(shelf("one"), port=port):
                await registry.add("a", MCPClient(url_of(port)), prefix="a")
                await registry.add("b", MCPClient(second), prefix="b")
                names = [info.name for info in await library.list_prompts(CONTEXT)]
                assert names == ["a_greet", "b_greet"]
                (document,) = await library.read_resource("notes://two", CONTEXT)
                assert document.text == "two"
                registry.subscribe(lambda change: heard.set() if change.kind == "prompts" else None)
            await heard.wait()
            began = anyio.current_time()
            assert [info.name for info in await library.list_prompts(CONTEXT)] == ["b_greet"]
            assert [info.uri for info in await library.list_resources(CONTEXT)] == ["notes://two"]
            assert len(await library.read_resource("notes://two", CONTEXT)) == 1
            with pytest.raises(Unreachable):
                await library.read_resource("notes://one", CONTEXT)
            assert anyio.current_time() - began < 5


async def test_a_library_appears_with_its_server() -> None:
    port, heard = free_port(), anyio.Event()
    with anyio.fail_after(30):
        async with MCPClient(url_of(port), patient=True) as client:
            assert not library_of(client)
            client.subscribe(lambda change: heard.set() if change.kind == "resources" else None)
            async with serving(shelf(), port=port):
                await heard.wait()
                assert client.library is not None
                assert len(await client.library.list_resources(CONTEXT)) == 1


async def test_a_list_of_documents_without_an_end_is_given_up() -> None:
    class Endless(OldServer):
        async def answer(self, asked: Asked) -> bytes:
            if asked.body and asked.body["method"] == "resources/list":
                result: Any = {"resources": [], "nextCursor": "again"}
                return http(200, {"jsonrpc": "2.0", "id": asked.body["id"], "result": result})
            return await super().answer(asked)

    server = Endless()
    server.capabilities = {"resources": {}}
    with anyio.fail_after(30):
        async with answering(server.answer) as url, MCPClient(url) as client:
            assert client.library is not None
            with pytest.raises(RemoteFault, match="resources without an end"):
                await client.library.list_resources(CONTEXT)
            assert list(await client.library.list_prompts(CONTEXT)) == []
            with pytest.raises(UnknownName):
                await client.library.get_prompt("x", {}, CONTEXT)
