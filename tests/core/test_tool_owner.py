"""An object with a toolbox of its own."""

import pytest

from toolyard.core.context import CallContext
from toolyard.core.errors import UnknownName
from toolyard.core.protocol import ToolProtocol
from toolyard.core.tool import ToolCall
from toolyard.core.tool_owner import ToolOwner
from toolyard.core.toolbox import Toolbox


class Greeter(ToolOwner):
    """Greets in Python and as a tool."""

    def __init__(self) -> None:
        self.made = 0

    def greet(self, name: str) -> str:
        """Greet someone."""
        return f"Hello, {name}!"

    def _make_toolbox(self) -> Toolbox:
        self.made += 1
        toolbox = Toolbox()
        toolbox.add(self.greet)
        return toolbox


async def test_its_tools_are_made_when_they_are_asked_for_and_once() -> None:
    async with Greeter() as greeter:
        assert isinstance(greeter, ToolProtocol)
        assert greeter.greet("Ann") == "Hello, Ann!"
        assert greeter.made == 0
        context = CallContext()
        assert [tool.name for tool in await greeter.list_tools(context)] == ["greet"]
        result = await greeter.call_tool(ToolCall("greet", {"name": "Ben"}), context)
        assert result.text == "Hello, Ben!"
        assert greeter.made == 1


async def test_a_tool_it_does_not_have_is_unknown() -> None:
    with pytest.raises(UnknownName):
        await Greeter().call_tool(ToolCall("leave"), CallContext())
