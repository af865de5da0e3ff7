"""Templates say what is wrong with them when they are loaded, and never write errors as text."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from toolyard import Image, PromptError, PromptModel, Template, Text, prompt


@dataclass
class User:
    name: str
    role: str


def test_a_prompt_puts_values_and_their_fields_in() -> None:
    written = prompt(
        "User {{user.name}} ({{user.role}}) is currently {{task}}.",
        user=User("Mai", "UX Engineer"),
        task="designing a new macro",
    )

    assert written == "User Mai (UX Engineer) is currently designing a new macro."


def test_values_stand_there_as_they_are() -> None:
    assert prompt("{{ a }}", a="<b> & {{ c }}") == "<b> & {{ c }}"
    assert prompt("{{ a }} {{ b }} {{ c }}\n", a=[1, "x"], b=None, c=2 > 1) == "[1, x] null true\n"


def test_the_language_of_jinja_is_there() -> None:
    written = prompt(
        "{% for w in words if w %}{{ loop.index }}{{ w|upper }}{% endfor %}", words="ab"
    )

    assert written == "1A2B"
    assert prompt("{{ name | default('you') }}") == "you"


@pytest.mark.parametrize(
    ("template", "values", "message"),
    [
        ("{{ a }} {{ b }}", {"b": 1}, "Line 1 of the template cannot be filled: 'a' is undefined. "
         "It was given b."),
        ("one\n{{ x.y }}", {"x": {}}, "Line 2 of the template cannot be filled: 'dict object' has "
         "no attribute 'y'."),
        ("{{ 1 / x }}", {"x": 0}, "Line 1 of the template cannot be filled: "
         "ZeroDivisionError."),
        ("\n\n{{ a", {"a": 1}, "Line 3 of the template cannot be read: unexpected end of template, "
         "expected 'end of print statement'."),
        ("{% include 'other' %}", {}, "Line 1 of the template needs another template."),
        ("{{ x }}", {"x": b"bytes"}, "Bytes have no text: make an image of them, or decode them."),
        ("{{ x | view('all') }}", {"x": 1}, "There is no view 'all'; there are schema, example, "
         "full."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_an_error_that_names_its_place(
    template: str, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(PromptError) as caught:
        prompt(template, **values)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    "template",
    ["{{ x }}", "{% if x %}a{% endif %}", "{% for y in x %}a{% endfor %}", "{{ x ~ 1 }}"],
)
def test_a_value_that_is_missing_is_never_nothing(template: str) -> None:
    with pytest.raises(PromptError, match=r"'x' is undefined\. It was given nothing"):
        prompt(template)


@pytest.mark.parametrize(
    "escape",
    ["{{ ''.__class__.__mro__ }}", "{{ user.__init__.__globals__ }}", "{{ words.append(1) }}"],
)
def test_a_template_stays_in_its_sandbox(escape: str) -> None:
    with pytest.raises(PromptError, match="cannot be filled"):
        prompt(escape, user=User("Mai", "x"), words=[])


def test_a_template_knows_its_variables_and_refuses_others_when_it_is_loaded() -> None:
    template = Template(
        "{% set n = 1 %}{{ title }} {{ n }} {{ range(2) }}", variables=["title", "x"]
    )

    assert template.variables == {"title"}
    assert template.render(title="t") == "t 1 range(0, 2)"
    with pytest.raises(PromptError, match=r"^The template names titel; it may name title\.$"):
        Template("{{ titel }}", variables=["title"])


def test_a_file_is_checked_as_it_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "hello.jinja"
    file.write_text("Hello {{ name }} \u2013\n", encoding="utf-8")

    assert Template.from_file(file).render(name="Mai") == "Hello Mai \u2013\n"
    with pytest.raises(PromptError, match=r"^The template file 'hello.jinja' names name; it may"):
        Template.from_file(file, variables=[])
    with pytest.raises(PromptError, match=r"^The template file 'none.jinja' is not there\.$"):
        Template.from_file(tmp_path / "none.jinja")
    file.write_text("{% if %}")
    with pytest.raises(PromptError, match=r"^Line 1 of the template file 'hello.jinja' cannot"):
        Template.from_file(file)


def test_a_picture_is_a_part_where_its_name_stands() -> None:
    picture = Image(b"picture")
    template = Template("Look: {{ photo }} Is {{ name }} on it? {{ photos }}")

    parts = template.parts(photo=picture, name="\x000\0", photos=[picture, picture])

    assert parts == [
        Text("Look: "), picture, Text(" Is \x000\0 on it? "), picture, picture,
    ]  # fmt: skip
    assert template.render(photo=picture, name="Mai", photos=[]) == "Look:  Is Mai on it? []"


class Point(PromptModel):
    """A place."""

    x: int
    """From the left."""


@pytest.mark.parametrize("written", ["{{ p:schema }}", "{{p:schema_only}}", "{{ p : schema }}"])
def test_a_view_of_a_value_is_put_in_by_either_form(written: str) -> None:
    assert prompt(f"See\n{written}.", p=Point(x=1)) == f"See\n{Point.prompt_schema()}."


def test_what_only_looks_like_a_view_is_text() -> None:
    assert prompt("{p:schema} {p: full} {self: all}") == "{p:schema} {p: full} {self: all}"


def test_there_are_views_of_the_example_and_of_both() -> None:
    example = '{\n  "x": 1\n}'

    assert prompt("{{ p:example_only }}", p=Point(x=7)) == example
    assert prompt("{{ p:full }}", p=Point) == (
        "### Schema for `Point`\n"
        "A place.\n"
        "{\n"
        '  "x": "number" // From the left.\n'
        "}\n\n"
        "### Example\n"
        "Here is an example of a valid `Point` object:\n"
        f"{example}"
    )
