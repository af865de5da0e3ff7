"""A wrapper that changes nothing is not noticed."""

from toolyard.core.context import CallContext
from toolyard.core.protocol import Change, ChangeProtocol, ToolProtocol
from toolyard.core.tool import ToolCall
from toolyard.core.toolbox import Toolbox
from toolyard.core.wrapper import Wrapper
from toolyard.registry.tool_registry import ToolRegistry


def toolbox() -> Toolbox:
    tools = Toolbox()

    @tools.tool
    def greet(name: str) -> str:  # pyright: ignore[reportUnusedFunction]
        """Greet someone."""
        return f"Hello, {name}!"

    @tools.resource("notes://a")
    def note() -> str:  # pyright: ignore[reportUnusedFunction]
        """A note."""
        return "noted"

    return tools


async def test_tools_calls_changes_and_documents_pass_through() -> None:
    source = toolbox()
    heard: list[Change] = []
    async with Wrapper(source) as wrapped:
        assert isinstance(wrapped, ToolProtocol)
        assert isinstance(wrapped, ChangeProtocol)
        context = CallContext()
        assert await wrapped.list_tools(context) == await source.list_tools(context)
        result = await wrapped.call_tool(ToolCall("greet", {"name": "Ann"}), context)
        assert result.text == "Hello, Ann!"
        assert wrapped.library is source.library
        unsubscribe = wrapped.subscribe(heard.append)
        source.remove("greet")
        unsubscribe()
        source.changed("notes://a")
    assert heard == [Change("tools")]


async def test_a_wrapped_source_without_more_offers_no_more() -> None:
    async with Wrapper(Wrapper(ToolRegistry())) as wrapped:
        assert await wrapped.list_tools(CallContext()) == ()
