"""Questions that a tool asks the user in the middle of a call."""

import io
import sys
from collections.abc import Callable
from typing import Any

import pytest

from toolyard.cli.questions import ask_user
from toolyard.core.inputs import InputRequest, elicit, list_roots, sample

Types = Callable[..., None]


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch) -> Types:
    def types(*lines: str) -> None:
        text = "".join(f"{line}\n" for line in lines)
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    return types


def form(required: list[str] | None = None, **fields: Any) -> InputRequest:
    schema = {"type": "object", "properties": fields, "required": required or list(fields)}
    return elicit("Please [/] say \x1b[31m", schema)


async def test_a_form_is_filled_field_by_field_in_the_types_it_wants(types: Types) -> None:
    types("Ada", "many", "36", "1.5", "y")
    answer = await ask_user(
        form(
            name={"type": "string", "title": "[/] Your \x1b[31mname"},
            age={"type": "integer"},
            size={"type": "number"},
            sure={"type": "boolean"},
        )
    )
    content = {"name": "Ada", "age": 36, "size": 1.5, "sure": True}
    assert answer == {"action": "accept", "content": content}


async def test_a_choice_is_one_of_those_there_are(
    types: Types, capsys: pytest.CaptureFixture[str]
) -> None:
    types("green", "red")
    answer = await ask_user(form(colour={"type": "string", "enum": ["red", "blue\x1b[31m"]}))
    assert answer["content"] == {"colour": "red"}
    told = capsys.readouterr()
    assert told.out == ""
    assert "\x1b" not in told.err


async def test_what_is_left_empty_is_the_default_or_not_said(types: Types) -> None:
    types("", "")
    request = form(["a"], a={"type": "integer", "default": 3}, b={"type": "string"})
    assert (await ask_user(request))["content"] == {"a": 3}


ESCAPE = "\x1b]0;owned\x07\x1b[2Jx\u202e"


@pytest.mark.parametrize(
    "field",
    [
        {"type": "string", "default": ESCAPE},
        {"type": "string", "enum": [ESCAPE, "b"], "default": ESCAPE},
        {"type": "string", "oneOf": [{"const": ESCAPE, "title": ESCAPE}], "default": ESCAPE},
        {"type": "string", "enum": [ESCAPE], "enumNames": [ESCAPE], "default": ESCAPE},
    ],
)
async def test_what_a_server_suggests_is_shown_safely_and_sent_unchanged(
    types: Types, capsys: pytest.CaptureFixture[str], field: dict[str, Any]
) -> None:
    types("")
    answer = await ask_user(form(None, **{f"a{ESCAPE}": {"title": ESCAPE, **field}}))
    assert answer["content"] == {f"a{ESCAPE}": ESCAPE}
    shown = capsys.readouterr().err
    assert "(]0;owned[2Jx)" in shown
    assert all(letter.isprintable() or letter == "\n" for letter in shown)


async def test_what_does_not_fit_is_asked_again(
    types: Types, capsys: pytest.CaptureFixture[str]
) -> None:
    types("", "maybe", "no", "nan", "inf", "x", "2", "1.5", "9" * 5000, "9")
    answer = await ask_user(
        form(
            sure={"type": "boolean"},
            size={"type": "number"},
            age={"type": "integer"},
        )
    )
    assert answer["content"] == {"sure": False, "size": 2.0, "age": 9}
    assert capsys.readouterr().err.count("Please type a") == 5


async def test_several_of_the_choices_are_typed_with_commas(types: Types) -> None:
    types("red, blue", "Two,1", "", "", "green", "red")
    plain = {"type": "string", "enum": ["red", "blue"]}
    titled = {"anyOf": [{"const": "1", "title": "One"}, {"const": "2", "title": "Two"}]}
    request = form(
        ["colours", "none"],
        colours={"type": "array", "items": plain},
        numbers={"type": "array", "items": titled},
        usual={"type": "array", "items": titled, "default": ["2"]},
        none={"type": "array", "items": plain},
        again={"type": "array", "items": plain},
    )
    assert (await ask_user(request))["content"] == {
        "colours": ["red", "blue"],
        "numbers": ["2", "1"],
        "usual": ["2"],
        "none": [],
        "again": ["red"],
    }


async def test_a_choice_is_typed_by_its_title_or_its_value(
    types: Types, capsys: pytest.CaptureFixture[str]
) -> None:
    types("One", "2", "Erstes", "")
    titled = [{"const": "1", "title": "One"}, {"const": "2", "title": "Two"}, {"const": "3"}]
    request = form(
        a={"type": "string", "oneOf": titled},
        b={"type": "string", "oneOf": titled, "default": "3"},
        c={"type": "string", "enum": ["x1", "x2"], "enumNames": ["Erstes"]},
        d={"type": "string", "oneOf": titled, "default": "1"},
    )
    assert (await ask_user(request))["content"] == {"a": "1", "b": "2", "c": "x1", "d": "1"}
    assert "a [One/Two/3]: " in capsys.readouterr().err


async def test_a_type_may_be_null_as_well(types: Types) -> None:
    types("Ada", "")
    nullable = {"type": ["string", "null"]}
    assert (await ask_user(form(["a"], a=nullable, b=nullable)))["content"] == {"a": "Ada"}


@pytest.mark.parametrize(
    ("kind", "default"),
    [
        ("boolean", "yes"),
        ("boolean", 1),
        ("integer", "3"),
        ("integer", True),
        ("number", float("inf")),
        ("string", 5),
        ("string", ["a"]),
    ],
)
async def test_a_default_that_is_no_answer_is_none(types: Types, kind: str, default: Any) -> None:
    types("")
    request = form(["other"], a={"type": kind, "default": default})
    assert await ask_user(request) == {"action": "accept", "content": {}}


@pytest.mark.parametrize(
    "schema",
    [
        {"a": {"type": "object"}},
        {"a": {"type": "null"}},
        {"a": {"type": ["string", "integer"]}},
        {"a": {"type": {}}},
        {"a": {"type": "array"}},
        {"a": {"type": "array", "items": 5}},
        {"a": {"type": "array", "items": {"type": "string"}}},
        {"a": {"type": "array", "items": {"enum": [["x"]]}}},
        {"a": {"enum": 5}},
        {"a": {"enum": [True]}},
        {"a": {"oneOf": [5]}},
        {"a": {"oneOf": [{"title": "x"}]}},
        {"a": 5},
        {"good": {"type": "string"}, "a": {"type": "file"}},
        5,
    ],
)
async def test_what_mcp_has_no_field_for_is_declined(
    types: Types, capsys: pytest.CaptureFixture[str], schema: Any
) -> None:
    types("x")
    asked = InputRequest(
        "elicitation/create",
        {"mode": "form", "message": "m", "requestedSchema": {"properties": schema}},
    )
    assert await ask_user(asked) == {"action": "decline"}
    assert "nothing is answered" in capsys.readouterr().err


@pytest.mark.parametrize("schema", [5, None, {"required": 5}, {"properties": []}])
async def test_what_is_no_form_at_all_is_declined(schema: Any) -> None:
    asked = InputRequest("elicitation/create", {"message": 5, "requestedSchema": schema})
    assert await ask_user(asked) == {"action": "decline"}


async def test_the_end_of_the_input_cancels(types: Types) -> None:
    types("Ada")
    answer = await ask_user(form(name={"type": "string"}, age={"type": "integer"}))
    assert answer == {"action": "cancel"}


async def test_what_is_no_form_is_not_accepted() -> None:
    opens = InputRequest("elicitation/create", {"mode": "url", "url": "http://evil.example"})
    assert await ask_user(opens) == {"action": "decline"}
    assert await ask_user(list_roots()) == {"roots": []}
    assert "no model" in (await ask_user(sample("Hi", max_tokens=1)))["content"]["text"]
