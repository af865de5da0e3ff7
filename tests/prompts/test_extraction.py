"""What is wanted is found in a text, however much stands around it."""

import json
import sys
from contextlib import suppress
from datetime import date
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter
from tests.support.cpu_time import least_cpu_s
from tests.support.process import run

from toolyard import (
    ExtractionError,
    Fenced,
    Keyword,
    Pattern,
    Place,
    PromptError,
    Tagged,
    Whole,
    extract,
    extract_json,
    read_json,
)
from toolyard.prompts.repair import MOST_LETTERS

ENOUGH_S = 1
"""What hostile text may take; most takes a tenth of that. Anything quadratic takes minutes."""


class Person(BaseModel):
    name: str
    age: int = 0


def test_the_first_place_that_is_there_is_read() -> None:
    reply = "I think <answer> 42 </answer>, as\n```python\nprint(42)\n```\nshows."

    assert extract(reply, Tagged("reason"), Tagged("answer")) == "42"
    assert extract(reply, Fenced("rust"), Fenced("Python")) == "print(42)"
    assert extract(reply, Pattern(r"as\n(`+)")) == "```"
    assert extract(reply, Pattern(r"sh\w+")) == "shows"
    assert extract(reply, Tagged("reason"), Whole()) == reply


def test_a_fenced_block_ends_at_a_fence_of_its_own_kind() -> None:
    reply = "~~~~\n```json\n1\n```\n~~~\n~~~~ \n  ````md\n```\n2\n```\n  ````\n```\ncut"

    assert list(Fenced().find(reply)) == ["```json\n1\n```\n~~~", "```\n2\n```", "cut"]
    assert list(Fenced("MD").find(reply)) == ["```\n2\n```"]
    assert list(Fenced().find("```\n```")) == [""]


def test_letters_that_are_alike_in_other_alphabets_make_no_tag() -> None:
    assert extract("<an\u017fwer>1</an\u017fwer> <ANSWER>2</answer>", Tagged("answer")) == "2"


def test_a_keyword_is_found_as_a_word_and_told_as_it_was_asked_for() -> None:
    words = Keyword(["Approve", "reject", "approve with changes"])

    assert extract("It is disapproved. So: REJECT", words) == "reject"
    assert extract("APPROVE With changes, not reject", words) == "approve with changes"


def test_an_error_says_what_was_tried_and_keeps_the_text() -> None:
    with pytest.raises(ExtractionError) as caught:
        extract("nothing", Tagged("answer"), Fenced("json"), Keyword(["yes", "no"]), Pattern("x+"))

    assert str(caught.value) == (
        "What is wanted was not found in the text:\n"
        "- the tag <answer> with its end: is not there.\n"
        "- a fenced block of json: is not there.\n"
        "- one of the words yes, no: is not there.\n"
        "- the pattern x+: is not there."
    )
    assert caught.value.text == "nothing"
    assert caught.value.tried[0] == "the tag <answer> with its end: is not there."


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Mai"}',
        'Sure! {"name": "Mai"} Anything else?',
        'He said "hello. {"name": "Mai"}',
        '[1] {"name": "Mai"}',
        '{"nam": "Zoe"} then {"name": "Mai"}',
        'Use {braces} and [brackets]: {"name": "Mai"}',
        'The {"a": "{" + {"name": "Mai"}',
        '[[[ {"name": "Mai"}',
        '{"person": {"name": "Mai"}}',
        '{"people": [{"nam": 1}, {"name": "Mai"}]}',
        '```\nfirst\n```\n~~~json\n{"name": "Mai"}\n~~~',
        '<ANSWER>{"name": "Mai"}</answer>',
        'I put it into <answer> tags: <answer>{"name": "Mai"}</answer>',
    ],
)
def test_json_of_the_wanted_shape_is_found_wherever_it_stands(text: str) -> None:
    found = extract_json(text, Person)

    assert found.value == Person(name="Mai")
    assert not found.is_repaired


def test_a_deliberate_place_comes_first_and_what_stands_by_itself_before_parts() -> None:
    fenced = '{"name": "thought"}\n```json\n{"name": "answer"}\n```'
    part = '{"person": {"name": "part"}} {"name": "whole"}'

    assert extract_json(fenced, Person).place == Fenced()
    assert read_json(fenced, Person).name == "answer"
    assert extract_json(fenced, Person, Whole()).value.name == "thought"
    assert read_json(part, Person).name == "whole"


def test_an_empty_value_is_taken_only_when_no_other_fits() -> None:
    assert read_json("{} {} [] [7]", list[int]) == [7]
    assert read_json("It is []. {}", list[int]) == []


@pytest.mark.parametrize(
    ("text", "shape", "value"),
    [
        ("[1, 2]", list[int], [1, 2]),
        ("Here: [1, 2].", tuple[int, ...], (1, 2)),
        ("```json\n42\n```", int, 42),
        (' "yes" ', Literal["yes", "no"], "yes"),
        ('{"on": "2026-11-26"}', dict[str, date], {"on": date(2026, 11, 26)}),
        ('[{"name": "Mai"}]', TypeAdapter(list[Person]), [Person(name="Mai")]),
        ('["a"] {"b": 1}', {"type": "object", "required": ["b"]}, {"b": 1}),
        ('["a"] {"b": 1}', {"items": {"type": "string"}, "type": "array"}, ["a"]),
    ],
)
def test_a_shape_is_a_type_or_a_json_schema(text: str, shape: Any, value: Any) -> None:
    assert read_json(text, shape) == value


@pytest.mark.parametrize(
    "broken",
    [
        '{"name": "Mai", "age": 7,}',
        '{"name": "Mai" "age": 7}',
        '{"name": "Mai", "age": 7',
        "{'name': 'Mai', 'age': 7}",
        "{\u201cname\u201d: \u201cMai\u201d, \u201cage\u201d: 7}",
        '{name: "Mai", age: 7}',
        '{"name": "Mai", /* years */ "age": 7} // done',
        '```json\n{"name": "Mai", "age": 7,}\n```',
        '<answer>{"name": "Mai", "age": 7,}</answer>',
        '{"nam": 1} and {"name": "Mai", "age": 7,} and {"name": "Zoe",}',
        'Use { as a start: {"name": "Mai", "age": 7,}',
    ],
)
def test_broken_json_is_repaired_and_told_to_be(broken: str) -> None:
    found = extract_json(broken, Person)

    assert found.value == Person(name="Mai", age=7)
    assert found.is_repaired
    with pytest.raises(ExtractionError):
        extract_json(broken, Person, repair=False)


@pytest.mark.parametrize(
    ("broken", "shape", "value"),
    [
        ("{'a': True, 'b': None, 'c': False}", dict[str, bool | None], {"a": 1, "b": None, "c": 0}),
        ('{"a": NaN}', dict[str, str | float], {"a": "NaN"}),
        ('{"text": "two\nlines', dict[str, str], {"text": "two\nlines"}),
        ('{"text": "he said "hi" to me"}', dict[str, str], {"text": 'he said "hi" to me'}),
        ("<answer>yes</answer>", Literal["yes", "no"], "yes"),
        ("[1, 2, [3", list[Any], [1, 2, [3]]),
    ],
)
def test_what_is_repaired_means_what_was_meant(broken: str, shape: Any, value: Any) -> None:
    found = extract_json(broken, shape)

    assert found.value == value
    assert found.is_repaired


@pytest.mark.parametrize(
    "text", ['{"name": "\ud800"}', '{"name": "\\ud800"}', '{"name": "\ud800",}']
)
@pytest.mark.parametrize("shape", [Person, {"type": "object"}])
def test_half_a_surrogate_pair_is_no_text(text: str, shape: Any) -> None:
    with pytest.raises(ExtractionError):
        read_json(text, shape)


def test_whole_json_beats_broken_json_before_it() -> None:
    found = extract_json('```\n{"name": "broken",}\n```\n{"name": "whole"}', Person)

    assert (found.value.name, found.is_repaired) == ("whole", False)


def test_an_error_names_each_place_and_why_what_is_there_does_not_fit() -> None:
    reply = '```json\n{"nam": "Mai"}\n```\n{"name": 1} {"name": 2} {"name": 3} {age: 7}'

    with pytest.raises(ExtractionError) as caught:
        read_json(reply, Person)

    assert str(caught.value) == (
        "Person was not found in the text:\n"
        "- a fenced block: the JSON at letter 1: name: Field required.\n"
        "- the tag <answer> with its end: is not there.\n"
        "- the whole text: the JSON at letter 9: name: Field required.\n"
        "- the whole text: the JSON at letter 28: name: Input should be a valid string.\n"
        "- the whole text: the JSON at letter 40: name: Input should be a valid string.\n"
        "- the whole text: and 2 more do not fit either."
    )


def test_an_error_of_a_json_schema_says_what_it_holds_against_the_value() -> None:
    with pytest.raises(ExtractionError, match="letter 1: b: is missing; expected a number"):
        read_json('{"c": 1}', {"required": ["b"], "properties": {"b": {"type": "number"}}})


@pytest.mark.parametrize("shape", [{"type": "strange"}, {"$ref": "other.json"}, object()])
def test_a_shape_that_cannot_be_used_is_no_fault_of_the_text(shape: Any) -> None:
    with pytest.raises(PromptError):
        read_json("{}", shape)


HOSTILE = [
    "[", "{", "[[[[{{{{", '[[[[{{{{"', '{"', '{"a":', '{"a":[', "[1,", "[1", "[{},", "{},", "[]",
    "[[1],", '{"a":1}', '[{"a":1}', '["\\"[', '"[', "'{", "```\n", "```json\n{", "<answer>",
    '<answer a="', "</answer>", "<answer>{</answer>", '{"name": "x, ', '{"a" ', "\\", '"', " [ ",
]  # fmt: skip


def cpu_s(text: str, place: Place) -> float:
    """The seconds that it takes to find no number in `text`."""

    def read() -> None:
        with pytest.raises(ExtractionError):
            extract_json(text, int, place)

    return least_cpu_s(read, enough_s=ENOUGH_S)


def repeated(piece: str, letters: int) -> str:
    return (piece * (letters // len(piece) + 1))[:letters]


@pytest.mark.parametrize("place", [Whole(), Tagged("answer"), Fenced()], ids=str)
def test_a_megabyte_of_open_brackets_takes_less_than_a_second(place: Place) -> None:
    for piece in ("[[[[{{{{", '[[[[{{{{"'):
        assert cpu_s(repeated(piece, 1_000_000), place) < ENOUGH_S


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_is_refused_soon_however_it_is_made(piece: str) -> None:
    text = repeated(piece, MOST_LETTERS)  # the most that is repaired

    for place in [Tagged("answer"), Fenced()] if "answer" in piece or "`" in piece else [Whole()]:
        assert cpu_s(text, place) < ENOUGH_S


@pytest.mark.parametrize("text", ["[" * 5_000 + "]" * 5_000, '{"a":' * 5_000 + "1" + "}" * 5_000])
def test_json_that_is_nested_too_deeply_is_refused_as_that(text: str) -> None:
    with pytest.raises(ExtractionError, match="is nested deeper than 100 levels"):
        read_json(text, list[Any] | dict[str, Any])


def test_a_value_behind_a_great_many_open_brackets_is_found() -> None:
    assert read_json("[{" * 100_000 + '{"name": "Mai"}', Person).name == "Mai"


class Wanted(BaseModel):
    kind: Literal["wanted"]
    values: Any


NOISE = st.text(st.sampled_from('{}[]":,\\ \n1a`<>/') | st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | NOISE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NOISE, inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=300)
@given(before=NOISE, values=JSON, indent=st.sampled_from([None, 2]), after=NOISE)
def test_an_object_of_the_shape_is_never_lost_in_noise(
    before: str, values: Any, indent: int | None, after: str
) -> None:
    written = json.dumps({"kind": "wanted", "values": values}, indent=indent, ensure_ascii=False)

    found = extract_json(before + written + after, Wanted)

    assert found.value == Wanted(kind="wanted", values=values)
    assert not found.is_repaired


@settings(max_examples=300)
@given(text=NOISE)
def test_any_text_is_read_or_refused(text: str) -> None:
    for shape in (Person, list[int], {"type": "object", "required": ["a"]}):
        with suppress(ExtractionError):
            read_json(text, shape)


def test_reading_json_loads_neither_templates_nor_what_repairs() -> None:
    script = (
        "import sys; from toolyard import read_json, schema_text; read_json('[1]', list[int]); "
        "schema_text(int); "
        "print({'jinja2', 'json_repair'} & set(sys.modules))"
    )

    assert run([sys.executable, "-c", script]).output.strip() == "set()"
