"""The MCP Inspector's command line, in each of its eras, over HTTP and stdio."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.support.node import Node
from tests.support.process import Finished, run
from tests.support.serving import Served, over_stdio

pytestmark = pytest.mark.node

ERAS = ("legacy", "auto", "modern")
NOT_LET_IN = 3
TOOL_FAILED = 5

Inspect = Callable[..., Finished]


@pytest.fixture
def inspect(node: Node, tmp_path: Path) -> Inspect:
    """Run the Inspector against a target; it keeps its files in the test's directory."""

    def inspect(target: Sequence[str], era: str, method: str, *options: str) -> Finished:
        arguments = ("--protocol-era", era, "--method", method, "--format", "json", "-q", *options)
        environment = {"MCP_STORAGE_DIR": str(tmp_path), "HOME": str(tmp_path)}
        return run(node.inspector(*target, *arguments), environment=environment)

    return inspect


def over_http(served: Served, authorization: str | None = None) -> list[str]:
    header = f"Authorization: {authorization or served.authorization}"
    return ["--server-url", served.url, "--transport", "http", "--header", header]


@pytest.fixture(params=["http", "stdio"])
def target(request: pytest.FixtureRequest) -> list[str]:
    """The options that lead the Inspector to the calculator."""
    if request.param == "stdio":
        return [*over_stdio("calculator"), "--"]
    return over_http(request.getfixturevalue("calculator"))


def result_of(finished: Finished) -> dict[str, Any]:
    assert finished.code == 0, finished
    return json.loads(finished.output)["result"]


@pytest.mark.parametrize("era", ERAS)
def test_it_lists_the_tools_and_finds_no_fault_in_their_schemas(
    inspect: Inspect, target: list[str], era: str
) -> None:
    finished = inspect(target, era, "tools/list", "--strict")
    assert [tool["name"] for tool in result_of(finished)["tools"]] == ["calculator"]
    assert finished.errors == ""


@pytest.mark.parametrize("era", ERAS)
def test_it_finds_no_fault_in_schemas_made_from_signatures(
    inspect: Inspect, slow_tools: Served, era: str
) -> None:
    finished = inspect(over_http(slow_tools), era, "tools/list", "--strict")
    assert [tool["name"] for tool in result_of(finished)["tools"]] == ["count_to", "ending_of"]
    assert finished.errors == ""


@pytest.mark.parametrize("era", ERAS)
def test_it_calls_a_tool(inspect: Inspect, target: list[str], era: str) -> None:
    arguments = ("--tool-name", "calculator", "--tool-args-json", '{"expression": "mean([1, 3])"}')
    result = result_of(inspect(target, era, "tools/call", *arguments))
    assert result["structuredContent"] == {"result": 2}


@pytest.mark.parametrize("era", ERAS)
def test_it_is_not_let_in_with_a_wrong_token(
    inspect: Inspect, calculator: Served, era: str
) -> None:
    wrong = over_http(calculator, "Bearer not-the-token")
    finished = inspect(wrong, era, "tools/list", "--stored-auth-only")
    assert finished.code == NOT_LET_IN, finished
    assert "not-the-token" not in finished.output + finished.errors


@pytest.mark.parametrize("era", ERAS)
def test_it_reports_an_unknown_tool(inspect: Inspect, calculator: Served, era: str) -> None:
    finished = inspect(over_http(calculator), era, "tools/call", "--tool-name", "no_such_tool")
    assert finished.code == TOOL_FAILED, finished


@pytest.mark.parametrize("era", ERAS)
def test_it_reports_a_tool_that_says_no(inspect: Inspect, calculator: Served, era: str) -> None:
    arguments = ("--tool-name", "calculator", "--tool-args-json", '{"expression": "1/0"}')
    finished = inspect(over_http(calculator), era, "tools/call", *arguments)
    assert finished.code == TOOL_FAILED, finished
    assert json.loads(finished.output)["result"]["isError"] is True
