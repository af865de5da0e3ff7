"""A source written by hand, whose tools come and go; connected clients hear of it."""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import anyio

from toolyard import (
    CallContext,
    Change,
    InvalidArguments,
    Listener,
    Listeners,
    MCPClient,
    MCPServerBuilder,
    Tool,
    ToolCall,
    ToolResult,
    UnknownName,
)


class Phrasebook:
    """A tool for each language that has been learned."""

    def __init__(self) -> None:
        self._greetings = {"english": "Hello"}
        self._listeners = Listeners()

    async def __aenter__(self) -> Self:
        return self  # here a source opens what it needs, and below it closes that again

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        schema = {
            "type": "object",
            "properties": {"name": {"type": "string"}},
            "required": ["name"],
        }
        return [
            Tool(language, f"Greet in {language}.", schema) for language in sorted(self._greetings)
        ]

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        greeting = self._greetings.get(call.name)
        if greeting is None:
            raise UnknownName("tool", call.name)
        name = call.arguments.get("name")
        if not isinstance(name, str):
            raise InvalidArguments(call.name, ["'name' is required and must be text"])
        return ToolResult.of({"greeting": f"{greeting}, {name}!"})

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        return self._listeners.subscribe(listener)

    def learn(self, language: str, greeting: str) -> None:
        self._greetings[language] = greeting
        self._listeners.tell(Change("tools"))


async def main() -> None:
    phrasebook, context, told = Phrasebook(), CallContext(), anyio.Event()
    builder = MCPServerBuilder("phrasebook").with_protocol("phrases", phrasebook).with_port(0)
    async with builder.build() as server, MCPClient(server.url) as client:
        client.subscribe(lambda change: told.set())
        phrasebook.learn("icelandic", "Halló")
        with anyio.fail_after(10):
            await told.wait()
        print([tool.name for tool in await client.list_tools(context)])
        print((await client.call_tool(ToolCall("icelandic", {"name": "Ann"}), context)).text)


if __name__ == "__main__":
    anyio.run(main)
