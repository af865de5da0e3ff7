"""Clients of the official TypeScript SDKs, the old and the new, are at home on our server."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.node import Node
from tests.support.process import run
from tests.support.serving import Served

pytestmark = pytest.mark.node

SCRIPT = Path(__file__).with_name("typescript.mjs")
CLIENTS = [
    ("v1", "legacy", "2025-11-25"),
    ("v2", "legacy", "2025-11-25"),
    ("v2", "auto", "2026-07-28"),
    ("v2", "2026-07-28", "2026-07-28"),
]


@pytest.fixture(scope="module", params=CLIENTS, ids=lambda client: f"{client[0]}-{client[1]}")
def visit(
    request: pytest.FixtureRequest, node: Node, calculator: Served, slow_tools: Served
) -> dict[str, Any]:
    """What a TypeScript client saw; each client visits once for all tests."""
    sdk, mode, revision = request.param
    arguments = (sdk, mode, calculator.token, calculator.url, slow_tools.url)
    finished = run(node.script(SCRIPT, *arguments))
    assert finished.code == 0, finished
    return {**json.loads(finished.output), "expected_revision": revision}


def test_it_settles_on_the_revision_it_asks_for(visit: dict[str, Any]) -> None:
    assert visit["calculator"]["revision"] == visit["expected_revision"]


def test_it_lists_the_tool_with_its_schemas_and_hints(visit: dict[str, Any]) -> None:
    (tool,) = visit["calculator"]["tools"]
    assert tool["name"] == "calculator"
    assert tool["inputSchema"]["required"] == ["expression"]
    assert tool["outputSchema"]["required"] == ["result"]
    assert tool["annotations"]["readOnlyHint"] is True


def test_it_calls_a_tool_and_gets_data_and_text(visit: dict[str, Any]) -> None:
    result = visit["calculator"]["sum"]
    assert result["structuredContent"] == {"result": 42}
    assert "42" in result["content"][0]["text"]
    assert not result.get("isError")


def test_it_gets_a_wrong_argument_explained_as_a_result(visit: dict[str, Any]) -> None:
    result = visit["calculator"]["wrong"]
    assert result["isError"] is True
    assert "expression" in result["content"][0]["text"]


def test_it_gets_the_protocols_error_for_an_unknown_tool(visit: dict[str, Any]) -> None:
    assert visit["calculator"]["unknown"] == -32602


def test_it_receives_every_step_of_progress_before_the_result(visit: dict[str, Any]) -> None:
    seen = visit["slowTools"]
    assert seen["counted"]["structuredContent"] == {"result": 3}
    assert [(step["progress"], step["total"], step["message"]) for step in seen["progress"]] == [
        (1, 3, "at 1"),
        (2, 3, "at 2"),
        (3, 3, "at 3"),
    ]


def test_it_cancels_a_call_and_the_tool_stops(visit: dict[str, Any]) -> None:
    seen = visit["slowTools"]
    assert seen["interrupted"] is True
    assert seen["ending"]["structuredContent"] == {"result": "cancelled"}
