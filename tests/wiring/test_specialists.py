"""The agents that are ready for work."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.builtin_tools.bash.shells import place

from toolyard import (
    Deny,
    ScriptedModel,
    ToolUse,
    file_agent,
    general_agent,
    shell_agent,
    web_agent,
)
from toolyard.core.errors import ConfigError
from toolyard.core.tool import Tool


async def deny(use: ToolUse, tool: Tool) -> Deny:
    """Decide against everything."""
    del use, tool
    return Deny("Never.")


def told(script: ScriptedModel) -> str:
    """What the model heard of the tool that it asked for."""
    (result,) = script.requests[-1].messages[-1].parts
    return str(result)


def offered(script: ScriptedModel) -> Sequence[str]:
    return [tool.name for tool in script.requests[0].tools]


async def test_one_works_on_the_files_of_a_directory_alone(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("secret")
    root = tmp_path / "root"
    root.mkdir()
    write = ToolUse("u-1", "write_file", {"path": "a.txt", "content": "Hi"})
    read = ToolUse("u-2", "read_file", {"path": "../outside.txt"})
    script = ScriptedModel(write, read, "Done")
    async with file_agent(script, root) as agent:
        await agent.send("Write it")
    assert (root / "a.txt").read_text() == "Hi"
    assert "secret" not in told(script)
    assert "is_error=True" in told(script)


async def test_one_may_only_read_files(tmp_path: Path) -> None:
    script = ScriptedModel("Done")
    async with file_agent(script, tmp_path, read_only=True) as agent:
        await agent.send("Look")
    assert "read_file" in offered(script)
    assert "write_file" not in offered(script)


async def test_one_runs_commands() -> None:
    script = ScriptedModel(ToolUse("u-1", "bash", {"command": "echo $((6 * 7))"}), "Done")
    async with shell_agent(script) as agent:
        await agent.send("How much is it?")
    assert "42" in told(script)


async def test_one_reads_the_web_and_nothing_of_the_own_network() -> None:
    script = ScriptedModel(ToolUse("u-1", "http_get", {"url": "http://127.0.0.1/"}), "Done")
    async with web_agent(script) as agent:
        await agent.send("Look there")
    assert "is_error=True" in told(script)
    assert offered(script) == ["http_get", "http_head"]


async def test_one_may_send_if_that_is_wanted() -> None:
    script = ScriptedModel("Done")
    async with web_agent(script, read_only=False) as agent:
        await agent.send("Post it")
    assert "http_post" in offered(script)


async def test_one_has_everything_and_its_commands_see_its_files() -> None:
    write = ToolUse("u-1", "write_file", {"path": "a.txt", "content": "Hi there"})
    script = ScriptedModel(write, ToolUse("u-2", "bash", {"command": "cat a.txt"}), "Done")
    with place() as root:
        async with general_agent(script, root) as agent:
            await agent.send("Write and look")
    assert "Hi there" in told(script)
    assert {"read_file", "bash", "http_get", "calculator"} <= set(offered(script))
    assert "http_post" not in offered(script)


async def test_what_an_agent_takes_can_be_said(tmp_path: Path) -> None:
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    script = ScriptedModel(ToolUse("u-1", "add", {"a": 1, "b": 2}), "Done")
    made = file_agent(
        script, tmp_path, name="Mai", system_prompt="Be brief.", tools=[add], approve=deny
    )
    async with made as agent:
        await agent.send("Hello")
    prompt = script.requests[0].messages[0].text
    assert prompt.startswith("You are Mai.\nYour expertise: Finding")
    assert prompt.endswith("Be brief.")
    assert {"add", "read_file"} <= set(offered(script))
    assert "Never." in told(script)


def test_a_root_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for make in (file_agent, general_agent):
        with pytest.raises(ConfigError):
            make(ScriptedModel(), tmp_path / "missing")
