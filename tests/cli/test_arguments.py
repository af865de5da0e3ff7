"""Words of a command line as a tool's arguments."""

from typing import Any

import pytest

from toolyard.cli.arguments import arguments_of, object_in
from toolyard.core.errors import ConfigError
from toolyard.core.tool import Tool

NESTED: dict[str, Any] = {"anyOf": [{"$ref": "#/$defs/text"}, {"type": "null"}]}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "$defs": {"text": {"type": "string"}, "loop": {"anyOf": [{"$ref": "#/$defs/loop"}] * 9}},
    "properties": {
        "text": {"type": "string"},
        "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "old_style": {"type": ["string", "null"]},
        "number": {"type": "number"},
        "whole": {"type": "integer"},
        "flag": {"type": "boolean"},
        "list": {"type": "array"},
        "object": {"type": "object"},
        "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        "choice": {"enum": ["1", "2"]},
        "constant": {"const": "3"},
        "nested": NESTED,
        "anything": {},
        "loop": {"$ref": "#/$defs/loop"},
        "broken": {"type": 5, "anyOf": "x", "enum": 3, "$ref": 7},
    },
}
TOOL = Tool("t", "", SCHEMA)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("text=5", "5"),
        ("text=true", "true"),
        ('text="quoted"', '"quoted"'),
        ("text=", ""),
        ("text=a=b", "a=b"),
        ("maybe=5", "5"),
        ("maybe=null", None),
        ("old_style=5", "5"),
        ("old_style=null", None),
        ("number=5", 5),
        ("number=-1.5e3", -1500.0),
        ("number=many", "many"),
        ("whole=12345678901234567890", 12345678901234567890),
        ("flag=true", True),
        ("list=[1, 2]", [1, 2]),
        ('object={"a": 1}', {"a": 1}),
        ("either=5", 5),
        ("either=five", "five"),
        ("choice=1", "1"),
        ("constant=3", "3"),
        ("nested=5", "5"),
        ("nested=null", None),
        ("anything=5", 5),
        ("anything=NaN", "NaN"),
        ("anything=word", "word"),
        ("loop=5", 5),
        ("broken=5", 5),
        ("unlisted=5", 5),
        ("list=" + "[" * 100_000, "[" * 100_000),
        ("whole=" + "9" * 10_000, "9" * 10_000),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_value_is_what_the_schema_wants(word: str, value: Any) -> None:
    (given,) = arguments_of([word], TOOL).values()
    assert given == value
    assert type(given) is type(value)


def test_without_a_schema_a_value_is_json_if_it_can_be() -> None:
    assert arguments_of(["a=5", "b=x"], None) == {"a": 5, "b": "x"}


def test_one_word_may_be_the_whole_object() -> None:
    assert arguments_of([' {"a": [1]}'], TOOL) == {"a": [1]}
    assert arguments_of([], TOOL) == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["word"], "'word' is neither a JSON object nor KEY=VALUE."),
        (["[1]"], "'[1]' is neither a JSON object nor KEY=VALUE."),
        (['{"a": 1}', "b=2"], "is neither a JSON object nor KEY=VALUE."),
        (["{"], "The arguments are not valid JSON: "),
        (['{"a": NaN}'], "The arguments are not valid JSON: NaN is not JSON."),
        (['{"a": ' + "[" * 100_000], "The arguments are not valid JSON: "),
    ],
)
def test_words_that_say_nothing_are_a_sentence(words: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        arguments_of(words, TOOL)
    assert said in str(refused.value)


@pytest.mark.parametrize("text", ["[1]", "5", "null", '"text"'])
def test_arguments_are_an_object(text: str) -> None:
    with pytest.raises(ConfigError, match="The arguments are a JSON object"):
        object_in(text)
