"""What breaks for callers when a source is swapped, and what does not."""

from collections.abc import Mapping
from typing import Any

import pytest

from toolyard.core.tool import Tool
from toolyard.registry.comparison import compared


def tool(properties: Mapping[str, Any] | None = None, **more: Any) -> Tool:
    output = more.pop("output", None)
    schema = {"type": "object", "properties": properties or {}, **more}
    return Tool("t", "Do it.", schema, output)


TEXT, NUMBER = {"type": "string"}, {"type": "number"}
CLOSED = {"additionalProperties": False}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (tool(), tool({"a": TEXT}, required=["a"]), "'a' is required now"),
        (tool({"a": TEXT}), tool({"a": TEXT}, required=["a"]), "'a' is required now"),
        (tool({"a": TEXT}), tool({}, **CLOSED), "'a' is gone"),
        (tool({"a": TEXT}), tool({"a": NUMBER}), "no string any more"),
        (tool({"a": NUMBER}), tool({"a": {"type": "integer"}}), "no number any more"),
        (tool({"a": {}}), tool({"a": TEXT}), "any more"),
        (tool({"a": {"type": ["string", "null"]}}), tool({"a": TEXT}), "no null any more"),
        (tool({"a": {"enum": [1, 2]}}), tool({"a": {"enum": [1]}}), "fewer values"),
        (tool({"a": TEXT}), tool({"a": {**TEXT, "enum": ["x"]}}), "fewer values"),
        (tool(output={"type": "object"}), tool(), "no structured content"),
        (
            tool(output={"properties": {"r": NUMBER}}),
            tool(output={"properties": {"s": NUMBER}}),
            "no 'r' any more",
        ),
    ],
)
def test_what_callers_would_stumble_over_breaks(old: Tool, new: Tool, said: str) -> None:
    found = compared([old], [new])
    assert found.changed == ["t"]
    assert said in "\n".join(found.breaks)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (tool(), tool()),
        (tool(), tool({"a": TEXT})),
        (tool({"a": TEXT}, required=["a"]), tool({"a": TEXT})),
        (tool({"a": {"type": "integer"}}), tool({"a": NUMBER})),
        (tool({"a": TEXT}), tool({"a": {"type": ["string", "null"]}})),
        (tool({"a": TEXT}), tool({"a": {}})),
        (tool({"a": True}), tool({"a": True})),
        (tool({"a": TEXT}), tool({})),
        (tool({"a": {"enum": [1]}}), tool({"a": {"enum": [1, 2]}})),
        (tool(), tool(output={"type": "object"})),
    ],
)
def test_what_callers_need_not_know_does_not(old: Tool, new: Tool) -> None:
    assert compared([old], [new]).breaks == []


def test_tools_that_come_and_go_are_named() -> None:
    old, new = Tool("old", "Do it.", {}), Tool("new", "Do it.", {})
    found = compared([old, tool()], [tool(), new])
    assert (found.added, found.removed, found.changed) == (["new"], ["old"], [])
    assert found.breaks == ["The tool 'old' is gone."]
