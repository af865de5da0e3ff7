"""What a table says of a source's tools, seen by a client."""

import pytest
from pydantic import ValidationError
from tests.wiring.test_serving import served

from toolyard import CallContext, ConfigError, MCPClient, ToolCall
from toolyard.config.settings import ToolSettings

CALCULATOR = {"kind": "calculator"}


async def test_tools_are_renamed_and_left_out() -> None:
    tools = {
        "sums": {**CALCULATOR, "rename": {"calculator": "compute"}, "prefix": "my"},
        "none": {**CALCULATOR, "without": ["calc*"]},
        "one": {"kind": "memory", "only": "memory,other"},
    }
    async with served(tools=tools) as server, MCPClient(server.url) as client:
        listed = [tool.name for tool in await client.list_tools(CallContext())]
        assert listed == ["my_compute", "memory"]
        call = ToolCall("my_compute", {"expression": "6*7"})
        assert (await client.call_tool(call, CallContext())).structured == {"result": 42}


async def test_a_call_is_limited_in_time() -> None:
    tools = {"shell": {"kind": "bash", "options": {"isolation": "off"}, "time_limit_s": 1.5}}
    async with served(tools=tools) as server, MCPClient(server.url) as client:
        call = ToolCall("bash", {"command": "sleep 60"})
        result = await client.call_tool(call, CallContext())
    assert result.structured["timed_out"] is True


@pytest.mark.parametrize("wrong", [{"time_limit_s": 0}, {"only": 5}, {"rename": ["a"]}])
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ToolSettings.model_validate({**CALCULATOR, **wrong})


async def test_a_name_that_cannot_be_is_refused() -> None:
    tools = {"sums": {**CALCULATOR, "rename": {"calculator": "no name"}}}
    with pytest.raises(ConfigError, match="no name"):
        async with served(tools=tools):
            pass
