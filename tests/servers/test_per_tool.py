"""What is made of tools lasts as long as they do."""

from dataclasses import replace

from toolyard import Tool
from toolyard.servers.per_tool import PerTool

ONE, OTHER = (Tool(name, description="", input_schema={}) for name in ("one", "other"))


def test_each_tool_is_made_something_of_once_and_anew_if_it_changes() -> None:
    made: list[Tool] = []
    per_tool = PerTool(made.append)
    changed = replace(ONE)
    for tool in (ONE, ONE, OTHER, ONE, changed, changed):
        per_tool.of(tool)
    assert list(map(id, made)) == list(map(id, (ONE, OTHER, changed)))


def test_what_was_made_of_tools_that_are_gone_is_forgotten() -> None:
    made: list[Tool] = []
    per_tool = PerTool(made.append)
    per_tool.of(ONE)
    per_tool.of(OTHER)
    per_tool.keep([OTHER])
    per_tool.of(OTHER)
    per_tool.of(ONE)
    assert [tool.name for tool in made] == ["one", "other", "one"]
