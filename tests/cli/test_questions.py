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


async def test_the_end_of_the_input_cancels(types: Types) -> None:
    types("Ada")
    answer = await ask_user(form(name={"type": "string"}, age={"type": "integer"}))
    assert answer == {"action": "cancel"}


async def test_what_is_no_form_is_not_accepted() -> None:
    opens = InputRequest("elicitation/create", {"mode": "url", "url": "http://evil.example"})
    assert await ask_user(opens) == {"action": "decline"}
    assert await ask_user(list_roots()) == {"roots": []}
    assert "no model" in (await ask_user(sample("Hi", max_tokens=1)))["content"]["text"]
