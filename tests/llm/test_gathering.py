"""A whole answer, gathered from pieces in whatever way a server cuts it."""

from toolyard import Text
from toolyard.llm.chat import ToolUseDelta
from toolyard.llm.message import Reasoning, ToolUse
from toolyard.llm.providers.gathering import Gathering, tool_use


def test_texts_and_thoughts_stay_in_order() -> None:
    gathering = Gathering()
    for text in ("a", "b"):
        gathering.reasoning(text)
    gathering.text("c")
    gathering.text("d")
    gathering.reasoning("e", "seal")
    gathering.reasoning("f")
    assert gathering.message.parts == (
        Reasoning("ab"),
        Text("cd"),
        Reasoning("e", "seal"),
        Reasoning("f"),
    )


def test_tools_whose_arguments_come_in_turns() -> None:
    gathering = Gathering()
    deltas = [
        gathering.tool_use(0, id="u-0", name="add"),
        gathering.tool_use(1, id="u-1", name="sub"),
        gathering.tool_use(0, arguments='{"a":'),
        gathering.tool_use(1, arguments="{}"),
        gathering.tool_use(0, arguments="1}"),
    ]
    assert [delta.index for delta in deltas] == [0, 1, 0, 1, 0]
    assert deltas[2] == ToolUseDelta(0, "u-0", "add", '{"a":')
    assert gathering.message.tool_uses == (
        ToolUse("u-0", "add", {"a": 1}),
        ToolUse("u-1", "sub", {}),
    )


def test_tools_that_all_have_one_index_or_none() -> None:
    for index in (0, None):
        gathering = Gathering()
        gathering.tool_use(index, id="u-0", name="add", arguments='{"a": 1}')
        gathering.tool_use(index, id="u-1", name="add", arguments='{"a"')
        gathering.tool_use(index, arguments=": 2}")
        uses = gathering.message.tool_uses
        assert [use.arguments for use in uses] == [{"a": 1}, {"a": 2}]


def test_a_tool_without_an_id_gets_one() -> None:
    one, other = tool_use("", "add", ""), tool_use("", "add", "{}")
    assert one.id
    assert one.id != other.id
    assert one.arguments == other.arguments == {}


def test_arguments_that_are_no_object_are_kept_as_they_are() -> None:
    deep = '{"a":' * 900 + "1" + "}" * 900  # which could be read, and not always be written
    strange = ('{"a": "\\ud800"}', '{"a": "\ud800"}', '{"a": [NaN]}', '{"a": 1e999}')
    for text in ("[1]", '{"a": ', "5", "[" * 100_000, deep, *strange):
        use = tool_use("u-0", "add", text)
        assert (use.arguments, use.malformed) == ({}, text)
