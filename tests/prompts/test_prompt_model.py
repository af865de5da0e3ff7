"""A typed model shows itself: as lines, by a template, for targets, with its pictures."""

import sys
from pathlib import Path
from typing import Annotated

import pytest

from toolyard import Image, PromptError, PromptField, PromptModel, Text, to_prompt

PICTURE = Image(b"picture")


class AdvancedUser(PromptModel):
    id: int
    """The user's unique identifier"""
    name: Annotated[str, PromptField(rename="full_name")]
    internal_hash: Annotated[str, PromptField(skip=True)]
    formatted_id: Annotated[int, PromptField(format=lambda value: f"user-{value}")]


class Task(PromptModel, targets={"Visual": "## {{title}}\n\n> {{description}}"}):
    title: str
    description: str
    priority: Annotated[int, PromptField(target="Agent")]
    id: Annotated[int, PromptField(target="Agent", rename="internal_id")]
    is_dirty: Annotated[bool, PromptField(skip=True)] = False


TASK = Task(title="Implement feature", description="Add new functionality", priority=1, id=42)


def test_fields_are_lines_by_their_new_name_their_description_or_their_own_name() -> None:
    user = AdvancedUser(id=123, name="Mai", internal_hash="abcdef", formatted_id=123)

    assert user.to_prompt() == (
        "The user's unique identifier: 123\nfull_name: Mai\nformatted_id: user-123"
    )


def test_each_target_has_its_template_or_its_lines() -> None:
    assert TASK.to_prompt("Visual") == "## Implement feature\n\n> Add new functionality"
    assert to_prompt(TASK, target="Agent") == (
        "title: Implement feature\ndescription: Add new functionality\npriority: 1\ninternal_id: 42"
    )
    assert TASK.to_prompt() == "title: Implement feature\ndescription: Add new functionality"


def test_a_target_that_is_not_there_is_an_error_that_lists_those_that_are() -> None:
    with pytest.raises(
        PromptError, match=r"^Task has no target 'Vis'; its targets are 'Visual', 'A"
    ):
        TASK.to_prompt("Vis")
    with pytest.raises(PromptError, match=r"^AdvancedUser has no target int; its targets are none"):
        AdvancedUser.model_construct().to_prompt(3)
    with pytest.raises(PromptError, match=r"^A str has no targets"):
        to_prompt("text", target="Agent")


class Agent(PromptModel):
    name: str
    role: str


class SubAgent(Agent):
    pass


class Tool(
    PromptModel,
    targets={
        Agent: (
            "Hello, {{ target.name }}. As a {{ target.role }}, you can use the following tool.\n"
            "{self:schema_only}\n{self:example_only}\n"
            "The tool's name is '{{ self.name }}', or {{ name }}."
        )
    },
):
    """A tool that can be used by an agent."""

    name: str
    """The name of the tool."""


def test_a_model_shows_itself_for_another_object() -> None:
    text = to_prompt(Tool(name="file_writer_tool"), target=SubAgent(name="Yui", role="Engineer"))

    assert text == (
        "Hello, Yui. As a Engineer, you can use the following tool.\n"
        "### Schema for `Tool`\n"
        "A tool that can be used by an agent.\n"
        "{\n"
        '  "name": "string" // The name of the tool.\n'
        "}\n"
        "{\n"
        '  "name": "text"\n'
        "}\n"
        "The tool's name is 'file_writer_tool', or file_writer_tool."
    )


def test_what_a_field_says_for_one_target_goes_before_what_it_says_for_all() -> None:
    class Shown(PromptModel):
        a: Annotated[
            int,
            PromptField(rename="for all", format=hex),
            PromptField(target="x", rename="for x"),
            PromptField(target=Agent, skip=True),
        ]
        b: Annotated[int, PromptField(target="x", skip=True)] = 2
        c: Annotated[int, PromptField(target="x"), PromptField(target=Agent)] = 3

    shown = Shown(a=10)

    assert shown.to_prompt("x") == "for x: 0xa\nc: 3"
    assert shown.to_prompt(Agent(name="n", role="r")) == "b: 2\nc: 3"


def test_a_template_is_checked_when_the_class_is_made() -> None:
    with pytest.raises(
        PromptError, match=r"^The template of Wrong names nam; it may name name, sel"
    ):

        class Wrong(PromptModel, template="{{ nam }}"):  # pyright: ignore[reportUnusedClass]
            name: str

    with pytest.raises(PromptError, match=r"^The template of Alone for 'x' names target"):

        class Alone(PromptModel, targets={"x": "{{ target }}"}):  # pyright: ignore[reportUnusedClass]
            pass

    with pytest.raises(PromptError, match=r"^The template file 'none.jinja' is not there\.$"):

        class Missing(PromptModel, template_file="none.jinja"):  # pyright: ignore[reportUnusedClass]
            pass

    with pytest.raises(PromptError, match=r"^Both has a template and a template_file: give it one"):

        class Both(PromptModel, template="", template_file="x"):  # pyright: ignore[reportUnusedClass]
            pass


def test_a_template_file_stands_beside_the_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "user.jinja").write_text("Name: {{ name }}")
    (tmp_path / "shown_from_a_file.py").write_text(
        "from toolyard import PromptModel\n"
        "class User(PromptModel, template_file='user.jinja'):\n"
        "    name: str\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    from shown_from_a_file import User  # pyright: ignore

    assert User(name="Yui").to_prompt() == "Name: Yui"  # pyright: ignore


def test_an_error_in_a_template_is_raised_and_not_shown_to_a_model() -> None:
    class Price(PromptModel, template="{{ 100 // count }} each"):
        count: int

    assert Price(count=20).to_prompt() == "5 each"
    with pytest.raises(
        PromptError, match=r"^Line 1 of the template of Price cannot be filled: Zero"
    ):
        Price(count=0).to_prompt()


def test_models_and_lists_inside_of_a_model_are_indented() -> None:
    class Team(PromptModel):
        lead: Agent
        """Who leads"""
        members: list[Agent]
        tags: list[str]
        free: dict[str, int | None]

    ann, bob = Agent(name="Ann", role="chief"), Agent(name="Bob", role="cook")
    team = Team(lead=ann, members=[ann, bob], tags=["a", "b"], free={"monday": 2, "sunday": None})

    assert team.to_prompt() == (
        "Who leads:\n"
        "  name: Ann\n"
        "  role: chief\n"
        "members:\n"
        "  - name: Ann\n"
        "    role: chief\n"
        "  - name: Bob\n"
        "    role: cook\n"
        "tags: [a, b]\n"
        "free:\n"
        "  monday: 2\n"
        "  sunday: null"
    )


class Report(
    PromptModel, targets={"Multimodal": "Analyzing image: {{ caption }}", "in": "{{ b }}:"}
):
    caption: str
    a: Image
    b: list[Image]
    none: Image | None = None
    note: str = "Be brief."


REPORT = Report(caption="A cat", a=PICTURE, b=[Image(b"1"), Image(b"2")])


def test_pictures_are_parts_in_the_order_of_the_fields() -> None:
    assert REPORT.prompt_parts() == [
        Text("caption: A cat"), PICTURE, Image(b"1"), Image(b"2"), Text("note: Be brief."),
    ]  # fmt: skip
    assert REPORT.to_prompt() == "caption: A cat\nnote: Be brief."


def test_pictures_that_a_template_does_not_name_come_behind_it() -> None:
    assert REPORT.prompt_parts("Multimodal") == [
        Text("Analyzing image: A cat"), PICTURE, Image(b"1"), Image(b"2"),
    ]  # fmt: skip
    assert REPORT.prompt_parts("in") == [Image(b"1"), Image(b"2"), Text(":"), PICTURE]


def test_the_pictures_of_a_model_inside_of_another_are_there() -> None:
    class Album(PromptModel):
        cover: Report
        end: str

    parts = Album(cover=REPORT, end="End.").prompt_parts()

    assert parts == [
        Text("cover:\n  caption: A cat\n  note: Be brief."), PICTURE, Image(b"1"), Image(b"2"),
        Text("end: End."),
    ]  # fmt: skip


def test_a_field_that_may_be_a_picture_shows_what_it_is() -> None:
    class Mixed(PromptModel):
        a: str | Image
        b: Image | None
        c: dict[str, Image]
        d: tuple[Image, ...]
        e: Annotated[Image, PromptField(format=lambda image: image.mime_type)]
        f: Annotated[bytes, PromptField(format=bytes.hex)]

    mixed = Mixed(a="text", b=None, c={"x": PICTURE}, d=(PICTURE,), e=PICTURE, f=b"f")

    assert mixed.prompt_parts() == [
        Text("a: text"), PICTURE, PICTURE, Text("e: image/png\nf: 66"),
    ]  # fmt: skip


def test_a_subclass_has_the_texts_of_its_model_and_its_own() -> None:
    class Other(Task, template="{{ title }}!"):
        pass

    other = Other(title="t", description="d", priority=1, id=2)

    assert (other.to_prompt(), other.to_prompt("Visual")) == ("t!", "## t\n\n> d")
    assert TASK.to_prompt().startswith("title: ")
