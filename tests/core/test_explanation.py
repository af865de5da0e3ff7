import gc
import time
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from toolyard.core.explanation import explain


def about(schema: dict[str, Any], value: Any) -> list[str]:
    return explain({"type": "object", "properties": {"a": schema}}, {"a": value})


@pytest.fixture(autouse=True)
def no_collection() -> Generator[None]:
    """Garbage of other tests must not count as time that these take."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    ("schema", "value", "sentence"),
    [
        ({"type": "string"}, 2, "a: expected a string, got the number 2."),
        ({"type": "boolean"}, "x", 'a: expected true or false, got the string "x".'),
        ({"type": "null"}, [], "a: expected null, got the array []."),
        ({"type": "array"}, {"k": 1}, 'a: expected an array, got the object {"k": 1}.'),
        ({"type": ["string", "null"]}, 2, "a: expected a string or null, got the number 2."),
        ({"const": "x"}, "y", 'a: expected "x", got the string "y".'),
        ({"minimum": 3}, 2, "a: expected a number of at least 3, got the number 2."),
        ({"exclusiveMaximum": 3}, 3, "a: expected a number below 3, got the number 3."),
        ({"multipleOf": 2}, 3, "a: expected a multiple of 2, got the number 3."),
        ({"minLength": 2}, "x",
         'a: expected a string of at least 2 characters, got the string "x".'),
        ({"pattern": "^a"}, "x", 'a: expected a string that matches the pattern "^a", '
         'got the string "x".'),
        ({"maxItems": 0}, [1], "a: expected an array of at most 0 items, got the array [1]."),
        ({"minProperties": 1}, {},
         "a: expected an object of at least 1 entries, got the object {}."),
        ({"contains": {"const": 1}}, [2], 'a: expected a value that satisfies contains '
         '{"const": 1}, got the array [2].'),
        ({"not": {"const": 1}}, 1, 'a: expected a value that satisfies not {"const": 1}, '
         "got the number 1."),
        (False, 1, "a: is not allowed, got the number 1."),
        ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, 1, "a: expected a value that fits "
         "exactly one of the alternatives, not several, got the number 1."),
        ({"anyOf": [{"type": "number"}, {"type": "array"}]}, "x", "a: expected a number or an "
         'array, got the string "x".'),
        ({"anyOf": [{"type": "array", "items": {"type": "number"}}, {"type": "null"}]}, [1, "x"],
         'a[1]: expected a number, got the string "x".'),
        ({"properties": {"b": {}}, "additionalProperties": False}, {"c": 1},
         "a.c: is not a property; the properties are b."),
        ({"properties": {"b": {}}, "patternProperties": {"^x": {}}, "additionalProperties": False},
         {"c": 1}, 'a.c: is not a property; the properties are b, those that match "^x".'),
        ({"propertyNames": {"maxLength": 1}}, {"cc": 1},
         'a: expected a string of at most 1 characters, got the string "cc".'),
        ({"required": ["odd name"]}, {}, 'a["odd name"]: is missing; expected a value.'),
        ({"type": "string", "format": "date"}, 1, "a: expected a string, got the number 1."),
    ],
)  # fmt: skip
def test_each_rule_is_told_as_a_sentence(schema: Any, value: Any, sentence: str) -> None:
    assert about(schema, value) == [sentence]


def test_the_format_of_what_is_missing_is_told() -> None:
    schema = {"properties": {"day": {"type": "string", "format": "date"}}, "required": ["day"]}
    assert explain(schema, {}) == ["day: is missing; expected a string in date format."]


def test_what_is_valid_needs_no_explanation() -> None:
    assert about({"type": "string"}, "x") == []


def test_a_long_value_is_shortened() -> None:
    sentence = about({"type": "number"}, "x" * 100_000)[0]
    assert len(sentence) < 140
    assert sentence.endswith('x…".')
    assert len(about({"type": "number"}, [list(range(20))] * 20)[0]) < 140


def test_a_long_choice_is_shortened() -> None:
    sentence = about({"enum": list(range(1000))}, "x")[0]
    assert "19 and 980 more" in sentence


def test_a_reference_is_followed_for_the_expectation() -> None:
    schema = {
        "properties": {"a": {"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/loop"}]}},
        "$defs": {"A": {"type": "array"}, "loop": {"type": "object", "$ref": "#/$defs/A"}},
    }
    assert explain(schema, {"a": 1}) == ["a: expected an array, got the number 1."]


def test_what_an_alternative_misses_is_told_for_the_closest_one() -> None:
    schema = {
        "anyOf": [
            {"type": "object", "required": ["x", "y"]},
            {"type": "object", "required": ["x"], "properties": {"x": {"type": "number"}}},
            {"type": "array"},
        ]
    }
    assert about(schema, {}) == ["a.x: is missing; expected a number."]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "": {"anyOf": [{"type": "array", "items": {"$ref": "#"}}, {"enum": [1, "a", None]}]},
        "a": {"oneOf": [{"type": "string", "minLength": 2}, {"type": "array", "maxItems": 1}]},
        "b": {"$ref": "#"},
    },
    "required": ["a"],
    "additionalProperties": {"type": ["integer", "null"]},
    "maxProperties": 3,
}


@settings(max_examples=300)
@given(value=VALUES | st.dictionaries(st.sampled_from(["", "a", "b", "c"]), VALUES))
def test_every_refusal_has_an_explanation_and_the_same_one_each_time(value: Any) -> None:
    valid = Draft202012Validator(SCHEMA).is_valid(value)  # pyright: ignore[reportUnknownMemberType]
    problems = explain(SCHEMA, value)
    assert bool(problems) != valid
    assert len(problems) <= 10
    assert explain(SCHEMA, value) == problems


def test_of_a_great_deal_the_first_faults_are_named() -> None:
    schema = {"type": "array", "items": {"type": "integer"}}
    assert about(schema, [*range(2000), "x", "y"]) == [
        'a[2000]: expected an integer, got the string "x".',
        'a[2001]: expected an integer, got the string "y".',
    ]
    assert len(about(schema, ["x"] * 2000)) == 10


EXPLODING: list[tuple[dict[str, Any], Any]] = [
    ({"type": "string", "pattern": "^(a+)+$"}, "a" * 100_000 + "!"),
    ({"type": "string", "pattern": "^(?=a)(a|aa)+$"}, "a" * 100_000 + "!"),
    ({"type": "array", "uniqueItems": True}, [*({"n": n} for n in range(400)), {"n": 399}]),
]


@pytest.mark.parametrize(("schema", "value"), EXPLODING)
def test_what_would_explode_in_python_is_explained_at_once(
    schema: dict[str, Any], value: Any
) -> None:
    started = time.thread_time()
    assert len(about(schema, value)) == 1
    assert time.thread_time() - started < 0.5


def alternatives(*names: str, tagged: bool = True) -> dict[str, Any]:
    """Nodes of several kinds that hold one another, as pydantic lists them."""
    branches = [{"$ref": f"#/$defs/{name}"} for name in names]
    child = {"anyOf": [*branches, {"type": "null"}]}
    tags = {name: {"kind": {"const": name}} if tagged else {} for name in names}
    return {
        "type": "object",
        "properties": {"x": {"anyOf": branches}},
        "$defs": {
            name: {"type": "object", "properties": {"child": child, **tags[name]}} for name in names
        },
    }


@pytest.mark.parametrize("tagged", [True, False])
def test_alternatives_that_hold_one_another_are_explained_at_once(tagged: bool) -> None:
    value: Any = 7
    for _ in range(60):
        value = {"kind": "b", "child": value}
    started = time.thread_time()
    (sentence,) = explain(alternatives("a", "b", "c", tagged=tagged), {"x": value})
    assert sentence.endswith(".child.child: expected an object or null, got the number 7.")
    assert time.thread_time() - started < 0.5


def test_of_a_deep_and_large_value_less_is_said() -> None:
    schema = alternatives("a", "b", tagged=False)
    value: Any = 7
    for _ in range(60):
        value = {"child": value, "rest": [0] * 1_500}
    started = time.thread_time()
    (sentence,) = explain(schema, {"x": value})
    assert sentence.startswith("x: expected what the tool's schema says, got the object")
    assert len(sentence) < 500
    assert time.thread_time() - started < 0.5


def test_what_is_not_looked_at_any_more_is_not_blamed() -> None:
    inverted = {"not": {"type": "null"}, "oneOf": [{"type": "object"}, {"minProperties": 9}]}
    schema = {"additionalProperties": {**inverted, "maxProperties": 1}}
    value = {str(number): {"a": [0] * 45_000, "b": [0] * 45_000} for number in range(9)}
    sentences = explain(schema, value)
    assert sentences
    assert not [each for each in sentences if "not" in each or "several" in each]


CIRCLES: list[dict[str, Any]] = [
    {"allOf": [{"$ref": "#/$defs/a"}], "type": "string"},
    {"anyOf": [{"allOf": [{"$ref": "#/$defs/a"}]}, {"type": "string"}], "minProperties": 2},
]


@pytest.mark.parametrize("circle", CIRCLES)
def test_a_schema_that_refers_to_itself_for_the_same_value_is_explained(circle: Any) -> None:
    started = time.thread_time()
    assert explain({"$ref": "#/$defs/a", "$defs": {"a": circle}}, {"b": 1})
    assert time.thread_time() - started < 0.5


CAT = {"properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}},
       "required": ["kind", "lives"], "type": "object"}  # fmt: skip
DOG = {"properties": {"kind": {"enum": ["dog", "wolf"]}, "bark": {"type": "string"}},
       "required": ["kind", "bark"], "type": "object"}  # fmt: skip
KEY = {"properties": {"id": {"type": "string"}, "at": {"type": "string"}},
       "required": ["id", "at"], "type": "object"}  # fmt: skip


@pytest.mark.parametrize(
    ("branches", "value", "sentences"),
    [
        ([CAT, DOG], {"kind": "cow"},
         ['a.kind: expected one of "cat", "dog", "wolf", got the string "cow".']),
        ([CAT, DOG], {}, ['a.kind: is missing; expected one of "cat", "dog", "wolf".']),
        ([CAT, DOG], {"kind": "wolf"}, ["a.bark: is missing; expected a string."]),
        ([DOG, CAT], {"kind": "cat", "bark": 1}, ["a.lives: is missing; expected an integer."]),
        ([CAT, KEY], {"id": 1, "at": 2}, ["a.id: expected a string, got the number 1.",
                                         "a.at: expected a string, got the number 2."]),
        ([CAT, KEY], {"at": 2}, ["a.at: expected a string, got the number 2.",
                                "a.id: is missing; expected a string."]),
        ([KEY, CAT], {}, ["a.id: is missing; expected a string.",
                         "a.at: is missing; expected a string.",
                         "a: another alternative is an object with kind, lives."]),
        ([CAT, {"type": "null"}], 3, ["a: expected an object or null, got the number 3."]),
        ([True, False], 3, []),
        ([False, {"anyOf": [{"const": 1}, {"enum": [2, 3]}]}], 4,
         ["a: expected another value or 1 or one of 2, 3, got the number 4."]),
    ],
)  # fmt: skip
def test_the_alternative_that_was_meant_is_explained(
    branches: list[Any], value: Any, sentences: list[str]
) -> None:
    assert about({"anyOf": branches}, value) == sentences


def test_a_choice_that_is_also_typed_is_told_once() -> None:
    assert about({"enum": ["a", "b"], "type": "string"}, None) == [
        'a: expected one of "a", "b", got null.'
    ]


@pytest.mark.parametrize(
    ("schema", "value", "sentence"),
    [
        ({"anyOf": [{"type": "number"}, {"minimum": 0}], "oneOf": [{"type": "string"}]}, 1,
         "a: expected a string, got the number 1."),
        ({"prefixItems": [{"type": "null"}], "items": {"type": "string"}}, [None, 1],
         "a[1]: expected a string, got the number 1."),
        ({"prefixItems": [{"type": "null"}]}, [1], "a[0]: expected null, got the number 1."),
        ({"patternProperties": {"^x": {"type": "null"}}}, {"xy": 1, "y": 1},
         "a.xy: expected null, got the number 1."),
        ({"additionalProperties": {"type": "null"}}, {"y": 1},
         "a.y: expected null, got the number 1."),
        ({"if": {"type": "string"}, "then": {"minLength": 2}}, "x",
         'a: expected a string of at least 2 characters, got the string "x".'),
        ({"if": {"type": "string"}, "else": False}, 1, "a: is not allowed, got the number 1."),
        ({"dependentSchemas": {"b": {"required": ["c"]}}}, {"b": 1},
         "a.c: is missing; expected a value."),
        ({"dependentRequired": {"b": ["c"]}}, {"b": 1},
         'a: expected an object that satisfies dependentRequired {"b": ["c"]}, '
         'got the object {"b": 1}.'),
        ({"properties": {"b": True}, "unevaluatedProperties": False}, {"c": 1},
         "a: expected a value that satisfies unevaluatedProperties false, "
         'got the object {"c": 1}.'),
    ],
)  # fmt: skip
def test_each_way_into_a_value_is_followed(schema: Any, value: Any, sentence: str) -> None:
    assert about(schema, value) == [sentence]
