"""What is taken without a validator is what a validator takes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema_rs import meta

from toolyard.core.plain_schema import plain_schema
from toolyard.core.raw_schema import RawSchema
from toolyard.core.verdict import verdict_of

BOUND: st.SearchStrategy[Any] = st.one_of(
    st.integers(-3, 3), st.floats(-3, 3), st.sampled_from([None, True, "1", 1 << 2000])
)
PROPERTY: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["string", "integer", "number", "boolean", "array", None, ["string"]]
        )
    },
    optional={
        "description": st.sampled_from(["d", "\u00e9", 1]),
        **dict.fromkeys(("minLength", "maxLength", "minimum", "maximum"), BOUND),
        "pattern": st.just("a"),
    },
)
SCHEMA: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"type": st.sampled_from(["object", "object", "object", "array"])},
    optional={
        "properties": st.dictionaries(st.sampled_from("abc"), PROPERTY),
        "required": st.lists(st.sampled_from(["a", "b", "z"]), max_size=3),
        "additionalProperties": st.sampled_from([True, False, {}]),
        "$ref": st.just("#"),
    },
)
SCALAR: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-4, 4),
    st.floats(-4, 4),
    st.sampled_from(["", "a", "abc", "\u00e9", 1 << 70, 1e300, float("inf"), [], {}]),
)
VALUE: st.SearchStrategy[Any] = st.dictionaries(st.sampled_from("abcz"), SCALAR)


@given(SCHEMA, VALUE)
def test_it_takes_nothing_that_a_validator_refuses(schema: dict[str, Any], value: Any) -> None:
    plain = plain_schema(schema)
    if plain is None:
        return
    meta.validate(schema)
    if plain.suits(value):
        assert verdict_of(schema, "it")(value)


TWO = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "description": "d", "minLength": 1, "maxLength": 3},
        "number": {"type": "number", "minimum": 0},
        "count": {"type": "integer", "maximum": 9},
        "flag": {"type": "boolean"},
    },
    "required": ["text"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "value",
    [
        {"text": "a"},
        {"text": "abc", "number": 0, "count": 9, "flag": False},
        {"text": "abc", "number": 1.5},
    ],
)
def test_it_takes_what_plainly_suits(value: Any) -> None:
    plain = plain_schema(TWO)
    assert plain is not None
    assert plain.suits(value)


@pytest.mark.parametrize(
    ("value", "is_valid"),
    [
        ({"text": "\u00e9"}, True),
        ({"text": "a", "count": 1.0}, True),
        ({"text": ""}, False),
        ({"text": "abcd"}, False),
        ({"text": "a", "number": -1}, False),
        ({"text": "a", "number": True}, False),
        ({"text": "a", "other": 1}, False),
        ({}, False),
        ([], False),
    ],
)
def test_of_all_else_the_validator_judges(value: Any, is_valid: bool) -> None:
    plain = plain_schema(TWO)
    assert plain is not None
    assert not plain.suits(value)
    assert RawSchema(TWO, "it").accepts(value) is is_valid
