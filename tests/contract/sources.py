"""Every kind of source, ready to be entered, and how its tools are called."""

import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.clients.openapi.documents import PETS
from tests.contract.tools import tools
from tests.support.nursery import nursery

from toolyard import (
    Bash,
    Calculator,
    FileSystem,
    HttpClient,
    ImageGeneration,
    LargeResults,
    MCPClient,
    MCPServerBuilder,
    Memory,
    NameFilter,
    OpenAPIClient,
    PlaceholderModel,
    Rename,
    ResultReader,
    ResultShelf,
    SqliteStore,
    TimeLimit,
    Toolbox,
    ToolCall,
    ToolProtocol,
    ToolRegistry,
    Wrapper,
)
from toolyard.config.settings import ResultSettings
from toolyard.wiring.results import Results
from toolyard.wiring.yard import Yard
from toolyard.wiring.yard_tools import YardTools

TOOLS = Path(__file__).with_name("tools.py")


@dataclass(frozen=True, slots=True)
class Kind:
    """A source that is entered and left by the test, and what surrounds it."""

    make: Callable[[], AbstractAsyncContextManager[ToolProtocol]]
    prefix: str = ""
    remote: bool = False

    def call(self, tool: str, arguments: Mapping[str, object]) -> ToolCall:
        """A call of one of the common tools."""
        return ToolCall(self.prefix + tool, arguments)


@asynccontextmanager
async def alone(source: ToolProtocol) -> AsyncGenerator[ToolProtocol]:
    yield source


@asynccontextmanager
async def files() -> AsyncGenerator[ToolProtocol]:
    with tempfile.TemporaryDirectory() as root:
        yield FileSystem(root)


def started(revision: str = "auto") -> MCPClient:
    return MCPClient.stdio(nursery().command(str(TOOLS)), revision=revision)


@asynccontextmanager
async def served(revision: str) -> AsyncGenerator[ToolProtocol]:
    builder = MCPServerBuilder("contract").with_protocol("tools", tools).with_port(0)
    async with builder.with_drain(0.1).build() as server:
        yield MCPClient(server.url, revision=revision)


@asynccontextmanager
async def through_a_gateway(revision: str) -> AsyncGenerator[ToolProtocol]:
    """A client of a server that serves a client of a server, all of one revision."""
    async with served(revision) as inner:
        builder = MCPServerBuilder("gateway").with_protocol("inner", inner).with_port(0)
        async with builder.with_drain(0.1).build() as gateway:
            yield MCPClient(gateway.url, revision=revision)


@asynccontextmanager
async def in_sqlite() -> AsyncGenerator[ToolProtocol]:
    with TemporaryDirectory() as directory:
        yield Memory(SqliteStore(Path(directory) / "store.db"))


def registry(*prefixes: str) -> ToolRegistry:
    """The tools below one registry for each prefix, the outermost last."""
    source: ToolProtocol = tools
    for prefix in prefixes:
        around = ToolRegistry()
        around.expect("tools", source, prefix=prefix)
        source = around
    assert isinstance(source, ToolRegistry)
    return source


def yard() -> ToolProtocol:
    """The tools that change what a server serves."""
    tools = Toolbox()
    tools.add(YardTools(Yard(ToolRegistry(), {}, Results(ResultSettings()))))
    return tools


COMMON = {
    "toolbox": Kind(lambda: alone(tools)),
    "wrapper": Kind(lambda: alone(Wrapper(Wrapper(tools)))),
    "time limit": Kind(lambda: alone(TimeLimit(tools, 60))),
    "name filter": Kind(lambda: alone(NameFilter(tools, without=["nothing"]))),
    "rename": Kind(lambda: alone(Rename(tools, {"nothing": "else"}))),
    "large results": Kind(lambda: alone(LargeResults(tools, ResultShelf()))),
    "registry": Kind(lambda: alone(ToolRegistry(tools))),
    "prefixed registry": Kind(lambda: alone(registry("own")), "own_"),
    "nested registry": Kind(lambda: alone(registry("in", "out")), "out_in_"),
    "registry of many": Kind(lambda: alone(ToolRegistry(Calculator(), tools))),
    "wrapped registry": Kind(lambda: alone(Wrapper(ToolRegistry(Wrapper(tools))))),
    "client of HTTP, modern": Kind(lambda: served("auto"), remote=True),
    "client of HTTP, legacy": Kind(lambda: served("legacy"), remote=True),
    "client of a gateway, modern": Kind(lambda: through_a_gateway("auto"), remote=True),
    "client of a gateway, legacy": Kind(lambda: through_a_gateway("legacy"), remote=True),
    "client of stdio, modern": Kind(lambda: alone(started()), remote=True),
    "client of stdio, legacy": Kind(lambda: alone(started("legacy")), remote=True),
    "registry of a client": Kind(lambda: alone(ToolRegistry(started())), remote=True),
}
"""Sources of the tools in `tools.py`."""

OTHERS = {
    "bash": Kind(lambda: alone(Bash())),
    "calculator": Kind(lambda: alone(Calculator())),
    "filesystem": Kind(files),
    "http client": Kind(lambda: alone(HttpClient())),
    "images": Kind(lambda: alone(ImageGeneration(PlaceholderModel()))),
    "memory": Kind(lambda: alone(Memory())),
    "memory in SQLite": Kind(in_sqlite),
    "OpenAPI client": Kind(lambda: alone(OpenAPIClient(PETS))),
    "result reader": Kind(lambda: alone(ResultReader(ResultShelf()))),
    "yard": Kind(lambda: alone(yard())),
    "empty toolbox": Kind(lambda: alone(Toolbox())),
    "empty registry": Kind(lambda: alone(ToolRegistry())),
}
EVERY = {**COMMON, **OTHERS}
