"""What the lint says about lists of tools."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from toolyard.clients.doctor.lint import lint
from toolyard.core.tool import Tool, ToolAnnotations

NUMBER = {"type": "number", "description": "A number."}
READS = ToolAnnotations(read_only=True)


def tool(**changed: Any) -> Tool:
    sound: dict[str, Any] = {
        "name": "add",
        "description": "Add numbers.",
        "input_schema": taking(n=NUMBER),
        "annotations": READS,
    }
    return Tool(**{**sound, **changed})


def taking(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def found(*tools: Tool) -> list[tuple[str, str]]:
    return [(each.check, each.verdict) for each in lint(tools) if each.verdict != "ok"]


def words(*tools: Tool) -> str:
    return "\n".join(each.text for each in lint(tools))


def described(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": "A value.", **schema}


def test_a_sound_tool_is_called_so_and_its_cost_is_told() -> None:
    findings = lint([tool()])
    assert [(each.check, each.verdict) for each in findings] == [("schema", "ok"), ("cost", "ok")]
    assert "about 43 tokens" in findings[-1].text


def test_no_tools_cost_nothing() -> None:
    assert [each.text for each in lint([])] == ["The list costs a model about 0 tokens."]


@pytest.mark.parametrize("name", ["", "a.b", "a/b", "a b", "é", "a" * 65, "a\n"])
def test_a_name_some_hosts_refuse_is_a_failure(name: str) -> None:
    assert found(tool(name=name))[0] == ("name", "failure")


def test_a_name_with_no_room_for_the_servers_name_is_warned_of() -> None:
    assert found(tool(name="a" * 40)) == []
    assert found(tool(name="a" * 41)) == [("name", "warning")]


@pytest.mark.parametrize(
    ("description", "verdict"), [("", "failure"), (" \n", "failure"), ("x" * 1025, "warning")]
)
def test_a_description_must_be_there_and_not_too_long(description: str, verdict: str) -> None:
    assert found(tool(description=description)) == [("description", verdict)]


@pytest.mark.parametrize(
    "hidden", ["\x1b[2J", "\u202e", "\u200b", "\U000e0041", "\ufeff", "\x00", "\ud800"]
)
@pytest.mark.parametrize("place", ["description", "title", "schema", "key"])
def test_text_that_people_cannot_see_is_a_failure(hidden: str, place: str) -> None:
    text = f"Add.{hidden}"
    changed: dict[str, dict[str, Any]] = {
        "description": {"description": text},
        "title": {"title": text},
        "schema": {"input_schema": taking(n={"type": "number", "description": text})},
        "key": {"input_schema": taking(**{text: NUMBER})},
    }
    assert found(tool(**changed[place])) == [("hidden-text", "failure")]
    assert hidden not in words(tool(**changed[place]))


@pytest.mark.parametrize(
    ("annotations", "warned"),
    [
        (None, True),
        (ToolAnnotations(), True),
        (ToolAnnotations(title="Add"), True),
        (ToolAnnotations(read_only=False), True),
        (ToolAnnotations(read_only=True), False),
        (ToolAnnotations(destructive=False), False),
        (ToolAnnotations(read_only=False, destructive=True), False),
    ],
)
def test_a_tool_that_does_not_say_what_it_changes_is_warned_of(
    annotations: ToolAnnotations | None, warned: bool
) -> None:
    assert found(tool(annotations=annotations)) == [("annotations", "warning")] * warned


@pytest.mark.parametrize(
    ("value", "verdict", "said"),
    [
        (True, "failure", "bare true or false"),
        (False, "failure", "bare true or false"),
        ({"type": ["string", "null"]}, "warning", "list of types"),
        ({}, "warning", "accepts anything"),
        ({"default": 1}, "warning", "accepts anything"),
        ({"$ref": "https://example.com/schema.json"}, "warning", "another document"),
        ({"$ref": "other.json#/a"}, "warning", "another document"),
        ({"type": "array"}, "warning", "items"),
        ({"anyOf": [{"type": "string"}, True]}, "failure", "bare true or false"),
        ({"type": "array", "items": {}}, "warning", "accepts anything"),
        ({"type": "array", "items": True}, "failure", "bare true or false"),
        ({"type": "object", "additionalProperties": {"type": "array"}}, "warning", "items"),
    ],
)
def test_a_schema_that_is_not_portable_is_found_with_its_place(
    value: Any, verdict: str, said: str
) -> None:
    schema = taking(n=NUMBER, outer={**described(taking(inner=value))})
    assert found(tool(input_schema=schema)) == [("schema", verdict)]
    assert said in words(tool(input_schema=schema))
    assert "'outer.inner'" in words(tool(input_schema=schema))
    assert found(tool(output_schema=schema)) == [("output-schema", verdict)]


@pytest.mark.parametrize(
    "value",
    [
        {"type": "object", "additionalProperties": True},
        {"type": "object", "additionalProperties": False},
        {"type": "object", "additionalProperties": {}},
        {"type": "array", "items": {"type": "string"}},
        {"type": "array", "prefixItems": [{"type": "string"}]},
        {"enum": ["a", "b"]},
        {"const": {"type": ["looks", "like", "a", "union"]}},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"type": "string", "not": {}},
        {"type": "string", "pattern": "\\p{L}+(?<a>b)"},
        {"$ref": "#/$defs/n"},
    ],
)
def test_portable_schemas_are_not_complained_of(value: Any) -> None:
    schema = {**taking(n=described(value)), "$defs": {"n": NUMBER}}
    assert found(tool(input_schema=schema)) == []


def test_one_problem_in_many_places_is_told_once() -> None:
    many = {f"n{i}": {"type": "array", "description": "Several."} for i in range(8)}
    findings = [each for each in lint([tool(input_schema=taking(**many))]) if each.tool]
    assert len(findings) == 1
    assert "'n4' and 3 more" in findings[0].text


@pytest.mark.parametrize(
    "schema", [{}, {"type": "array", "items": NUMBER}, {"anyOf": [taking(n=NUMBER)]}]
)
def test_the_root_must_be_an_object(schema: dict[str, Any]) -> None:
    assert ("schema", "failure") in found(tool(input_schema=schema))
    assert ("output-schema", "warning") in found(tool(output_schema=schema))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": 5},
        {"type": "object", "properties": [NUMBER]},
        {"type": "object", "required": "n"},
        {"type": "object", "properties": {"n": {"type": "numeral"}}},
        {"type": "object", "anyOf": 5},
    ],
)
def test_what_is_no_json_schema_is_a_failure(schema: dict[str, Any]) -> None:
    assert ("schema", "failure") in found(tool(input_schema=schema))
    assert "no valid JSON Schema" in words(tool(input_schema=schema))


def test_a_schema_nested_too_deeply_is_a_failure() -> None:
    schema: dict[str, Any] = taking(n=NUMBER)
    for _ in range(2_000):
        schema = taking(n=schema)
    assert found(tool(input_schema=schema), tool(name="other")) == [("schema", "failure")]


def test_a_header_that_makes_hosts_drop_the_tool_is_a_failure() -> None:
    schema = taking(n={**NUMBER, "x-mcp-header": "N"})
    assert found(tool(input_schema=schema)) == [("schema", "failure")]
    assert "x-mcp-header" in words(tool(input_schema=schema))


@pytest.mark.parametrize(
    ("parameter", "silent"),
    [
        ({"type": "number"}, True),
        ({"type": "number", "description": ""}, True),
        (NUMBER, False),
        ({"$ref": "#/$defs/known"}, False),
        ({"$ref": "#/$defs/silent"}, True),
    ],
)
def test_parameters_without_a_description_are_named(
    parameter: dict[str, Any], silent: bool
) -> None:
    schema = {**taking(a=parameter), "$defs": {"known": NUMBER, "silent": {"type": "number"}}}
    assert found(tool(input_schema=schema)) == [("parameters", "warning")] * silent
    assert ("does not describe 'a'" in words(tool(input_schema=schema))) == silent


def test_two_tools_of_one_name_are_a_failure() -> None:
    assert found(tool(), tool(), tool(name="other")) == [("duplicate", "failure")]


def test_more_tools_than_hosts_pass_on_are_warned_of() -> None:
    tools = [tool(name=f"add{number}") for number in range(129)]
    assert found(*tools[:128]) == []
    assert found(*tools) == [("count", "warning")]


def test_a_finding_names_its_tool() -> None:
    assert lint([tool(description="")])[0].tool == "add"


def test_a_schema_of_countless_branches_is_looked_at_in_good_time() -> None:
    branches: dict[str, Any] = {"type": "string"}
    for _ in range(15):
        branches = {"anyOf": [branches, branches]}
    began = time.process_time()
    findings = lint([tool(input_schema=taking(n=described(branches)))])
    assert time.process_time() - began < 3
    assert [each.verdict for each in findings] == ["failure", "ok"]
    assert "over 10000 schemas" in findings[0].text


def test_a_dialect_that_is_no_text_is_a_failure() -> None:
    assert found(tool(input_schema={**taking(n=NUMBER), "$schema": 5})) == [("schema", "failure")]


def test_a_dialect_nobody_knows_is_taken_for_the_newest() -> None:
    assert found(tool(input_schema={**taking(n=NUMBER), "$schema": "urn:mine"})) == []


def test_tools_for_which_there_is_no_time_are_said_to_be_left_out() -> None:
    findings = lint([tool(name=f"add{number}") for number in range(3)], within_s=0)
    assert "Only 0 of 3 tools" in findings[0].text
