from typing import Any

import pytest
from tests.support.cpu_time import least_cpu_s

from toolyard.core.errors import InvalidTool
from toolyard.core.raw_schema import RawSchema


def raw(**keywords: Any) -> RawSchema:
    return RawSchema({"type": "object", **keywords}, "The input schema of the tool 'it'")


def test_keywords_of_2020_12_are_kept_and_obeyed() -> None:
    keywords: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.com/order",
        "properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "items": {"type": "array", "prefixItems": [{"$ref": "#item"}], "items": False},
        },
        "$defs": {"item": {"$anchor": "item", "type": "integer"}},
        "if": {"required": ["region"]},
        "then": {"required": ["items"]},
        "unevaluatedProperties": False,
    }
    schema = raw(**keywords)
    assert schema.schema == {"type": "object", **keywords}
    assert schema.accepts({"region": "x", "items": [1]})
    assert not schema.accepts({"region": "x"})
    assert not schema.accepts({"items": ["x"]})
    assert not schema.accepts({"items": [1, 2]})
    assert not schema.accepts({"other": 1})


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "object at its root"),
    ({"type": "array"}, "object at its root"),
    ({"type": ["object", "null"]}, "object at its root"),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}}, "object at its root"),
    ({"type": "object", "properties": []}, "not a JSON Schema: at properties"),
    ({"type": "thing"}, "not a JSON Schema: at type"),
    ({"type": "object", "properties": {"a": {"items": [{}]}}}, "not a JSON Schema"),
    (
        {"type": "object", "properties": {"a": {"$ref": "https://x.test/a"}}},
        r"only '#\.\.\.' is allowed",
    ),
    (
        {"type": "object", "properties": {"a": {"$ref": "file:///etc/passwd"}}},
        r"only '#\.\.\.' is allowed",
    ),
    (
        {"type": "object", "properties": {"a": {"$ref": "other.json#/a"}}},
        r"only '#\.\.\.' is allowed",
    ),
    (
        {"type": "object", "$defs": {"a": {"$dynamicRef": "http://x.test/#a"}}},
        r"only '#\.\.\.' is allowed",
    ),
    ({"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}}, "which is not there"),
    ({"type": "object", "properties": {"a": {"$ref": "#b"}}}, "which is not there"),
    ({"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"}, "draft-07"),
]


@pytest.mark.parametrize(("written", "complaint"), REFUSED)
def test_a_schema_that_cannot_be_used_is_refused(written: Any, complaint: str) -> None:
    with pytest.raises(InvalidTool, match=complaint):
        RawSchema(written, "The input schema of the tool 'it'")


def test_a_schema_nested_too_deeply_is_refused() -> None:
    written: dict[str, Any] = {"type": "object"}
    for _ in range(2000):
        written = {"type": "object", "properties": {"a": written}}
    with pytest.raises(InvalidTool, match="nested too deeply"):
        RawSchema(written, "The input schema of the tool 'it'")


def test_a_reference_to_itself_says_nothing_and_ends() -> None:
    looping = raw(
        properties={"a": {"$ref": "#/$defs/a"}}, **{"$defs": {"a": {"$ref": "#/$defs/a"}}}
    )
    assert looping.accepts({"a": 1})
    assert not looping.accepts([])


def test_a_pattern_that_nobody_can_read_is_refused() -> None:
    with pytest.raises(InvalidTool, match="regex"):
        raw(properties={"a": {"type": "string", "pattern": "(?<name"}})


HEAVY: list[tuple[dict[str, Any], Any]] = [
    ({"type": "string", "pattern": "^(a+)+$"}, "a" * 1_000_000 + "!"),
    ({"type": "string", "pattern": "^(?=a)(a|aa)+$"}, "a" * 1_000_000 + "!"),
    ({"type": "array", "uniqueItems": True}, [*({"n": n} for n in range(50_000)), {"n": 7}]),
    ({"type": "array", "uniqueItems": True}, [1, 1.0]),
    ({"type": "array", "items": {"enum": [1]}}, [*[1] * 50_000, True]),
]


@pytest.mark.parametrize(("keywords", "value"), HEAVY)
def test_what_an_author_asks_for_costs_no_more_than_the_value(
    keywords: dict[str, Any], value: Any
) -> None:
    schema = raw(properties={"a": keywords})
    assert not schema.accepts({"a": value})
    assert least_cpu_s(lambda: schema.accepts({"a": value}), enough_s=0.5) < 0.5
