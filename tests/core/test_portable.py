from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from toolyard.core.portable import ANYTHING, every_schema, portable, subschemas


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"type": ["string"]}, {"type": "string"}),
        (
            {"type": ["string", "null"], "minLength": 1, "description": "x", "default": None},
            {
                "anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}],
                "description": "x",
                "default": None,
            },
        ),
        (
            {"type": ["array", "object"], "items": True, "properties": {"a": {}}},
            {
                "anyOf": [
                    {"type": "array", "items": ANYTHING},
                    {"type": "object", "properties": {"a": ANYTHING}},
                ]
            },
        ),
        (
            {"type": ["integer", "null"], "anyOf": [{"const": 1}, {"type": "null"}]},
            {
                "anyOf": [{"const": 1}, {"type": "null"}],
                "allOf": [{"anyOf": [{"type": "integer"}, {"type": "null"}]}],
            },
        ),
        ({"properties": {"a": True}}, {"properties": {"a": ANYTHING}}),
        (
            {"properties": {"a": {"description": "x"}}},
            {"properties": {"a": {**ANYTHING, "description": "x"}}},
        ),
        ({"type": "object", "additionalProperties": True}, {"type": "object"}),
        ({"type": "object", "additionalProperties": {}}, {"type": "object"}),
        (
            {"allOf": [{"additionalProperties": True}], "unevaluatedProperties": False},
            {"allOf": [{"additionalProperties": ANYTHING}], "unevaluatedProperties": False},
        ),
        (
            {"oneOf": [{"$ref": "#/$defs/A"}], "discriminator": {"propertyName": "k"}},
            {"oneOf": [{"$ref": "#/$defs/A"}]},
        ),
    ],
)
def test_what_hosts_stumble_over_is_said_otherwise(
    written: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert portable(written) == expected


KEPT: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://example.com/order",
    "$comment": "kept",
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "type": {"type": "string", "default": "true"},
        "default": {"const": {"type": ["a"], "discriminator": {}}},
        "example": {"type": "object", "examples": [{"type": ["a", "b"]}, True]},
        "properties": {"$ref": "#/$defs/address"},
        "enum": {"enum": [{}, True, ["x"]]},
    },
    "$defs": {"address": {"$anchor": "address", "type": "object", "x-mcp-header": "A"}},
    "allOf": [{"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": False}],
    "dependentRequired": {"a": ["b"]},
    "dependentSchemas": {"a": {"required": ["b"]}},
    "patternProperties": {"^x-": {"type": "string"}},
    "additionalProperties": False,
}


def test_everything_else_is_kept_as_it_is() -> None:
    assert portable(KEPT) == KEPT


TYPES = st.sampled_from(["string", "number", "integer", "boolean", "object", "array", "null"])
SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.just({}),
        st.just(True),
        st.fixed_dictionaries(
            {"type": st.lists(TYPES, min_size=1, max_size=3, unique=True)},
            optional={"minLength": st.just(2), "minimum": st.just(1), "maxItems": st.just(1)},
        ),
        st.fixed_dictionaries({"type": TYPES}),
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"type": st.sampled_from(["object", ["object", "null"], ["array", "object"]])},
            optional={
                "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
                "additionalProperties": inner | st.just(False),
                "items": inner,
                "unevaluatedProperties": st.just(False),
                "allOf": st.lists(inner, min_size=1, max_size=2),
            },
        ),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)}),
    ),
    max_leaves=6,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from(["", "a", "ab"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
    ),
    max_leaves=5,
)


@settings(max_examples=500)
@given(schema=SCHEMAS, value=VALUES)
def test_a_portable_schema_accepts_the_same_values(schema: Any, value: Any) -> None:
    root = {"$defs": {"it": schema}, "allOf": [schema]}
    same = portable(root)
    assert accepts(same, value) == accepts(root, value)
    for each in every_schema(same):
        assert each
        assert not isinstance(each.get("type"), list)
        assert True not in [inner for inner in subschemas(each) if isinstance(inner, bool)]


def accepts(schema: Any, value: Any) -> bool:
    return Draft202012Validator(schema).is_valid(value)  # pyright: ignore[reportUnknownMemberType]
