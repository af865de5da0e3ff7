import threading
from typing import Any, Literal

import anyio
import pytest

from toolyard.core.content import Image, Resource, Text
from toolyard.core.context import CallContext, Caller
from toolyard.core.errors import InvalidArguments, InvalidTool, NameClash, ToolError, UnknownName
from toolyard.core.protocol import (
    Change,
    PromptArgument,
    PromptInfo,
    PromptMessage,
    ResourceInfo,
)
from toolyard.core.tool import Icon
from toolyard.core.toolbox import Toolbox

CONTEXT = CallContext(caller=Caller("ann"))


async def read(tools: Toolbox, uri: str) -> Any:
    with anyio.fail_after(5):
        return await tools.library.read_resource(uri, CONTEXT)


async def filled(tools: Toolbox, name: str, **arguments: str) -> Any:
    with anyio.fail_after(5):
        return await tools.library.get_prompt(name, arguments, CONTEXT)


def of_day(day: str) -> str:
    return "family"


def of_a(a: str) -> str: ...  # pyright: ignore[reportReturnType]
def of_b(b: str) -> str: ...  # pyright: ignore[reportReturnType]
def of_a_and_b(a: str, b: str) -> str: ...  # pyright: ignore[reportReturnType]
def of_many(*a: str) -> str: ...  # pyright: ignore[reportReturnType]


def monday(value: str) -> list[str]:
    return ["monday"]


def noting() -> Toolbox:
    tools = Toolbox()

    @tools.resource("config://app", mime_type="application/json", title="Settings")
    def config() -> str:  # pyright: ignore[reportUnusedFunction]
        """The settings."""
        return f'{{"loop": {threading.current_thread() is threading.main_thread()}}}'.lower()

    @tools.resource("notes://{day}/{number}", name="note", icons=[Icon("https://example.com/n")])
    async def note(day: str, number: int, context: CallContext) -> bytes:  # pyright: ignore[reportUnusedFunction]
        return f"{day} {number + 1} {context.caller.name}".encode()

    return tools


async def test_documents_and_families_of_them_are_listed_apart() -> None:
    tools = noting()
    assert await tools.library.list_resources(CONTEXT) == (
        ResourceInfo("config://app", "config", "Settings", "The settings.", "application/json"),
    )
    assert await tools.library.list_resource_templates(CONTEXT) == (
        ResourceInfo("notes://{day}/{number}", "note", icons=(Icon("https://example.com/n"),)),
    )
    assert await tools.library.list_resources(CONTEXT) is await tools.library.list_resources(
        CONTEXT
    )


async def test_a_document_is_read_by_its_uri() -> None:
    tools = noting()
    assert await read(tools, "config://app") == (
        Resource("config://app", text='{"loop": false}', mime_type="application/json"),
    )
    assert await read(tools, "notes://mon%20day/2") == (
        Resource(
            "notes://mon%20day/2", blob=b"mon day 3 ann", mime_type="application/octet-stream"
        ),
    )


@pytest.mark.parametrize(
    "uri",
    ["config://other", "notes://a", "notes://a/two", "notes://../1", "notes://a%2fb/1", "",
     "notes://{day}/{number}", "x" * 10_000],
)  # fmt: skip
async def test_a_uri_of_no_document_is_unknown(uri: str) -> None:
    with pytest.raises(UnknownName, match="Unknown resource"):
        await read(noting(), uri)


async def test_a_fixed_document_comes_before_a_family() -> None:
    tools = Toolbox()
    tools.resource("notes://{day}")(of_day)
    tools.resource("notes://today")(lambda: "fixed")
    assert (await read(tools, "notes://today"))[0].text == "fixed"
    assert (await read(tools, "notes://other"))[0].text == "family"


async def test_a_document_may_have_several_parts_of_its_own() -> None:
    tools, part = Toolbox(), Resource("notes://1/a", text="x", mime_type="text/x", meta={"a": 1})
    tools.resource("notes://1")(lambda: [part, "y"])
    assert await read(tools, "notes://1") == (
        part,
        Resource("notes://1", text="y", mime_type="text/plain"),
    )


async def test_what_a_documents_function_raises_passes() -> None:
    tools = Toolbox()

    @tools.resource("notes://1")
    def refuse() -> str:  # pyright: ignore[reportUnusedFunction]
        raise ToolError("Locked.")

    tools.resource("notes://2")(lambda: 5)
    with pytest.raises(ToolError, match="Locked"):
        await read(tools, "notes://1")
    with pytest.raises(TypeError, match="gave a int: return text, bytes or a Resource"):
        await read(tools, "notes://2")


@pytest.mark.parametrize(
    ("uri", "function", "complaint"),
    [
        ("notes", lambda: "", "is not the URI"),
        ("notes://{a}{b}", of_a_and_b, "cannot be told apart"),
        ("notes://{a}", lambda: "", "must have the same names"),
        ("notes://{a}", of_b, "must have the same names"),
        ("notes://a", of_a, "must have the same names"),
        ("notes://a\u200b", lambda: "", r"U\+200B"),
        ("notes://{a}", of_many, "must have a name"),
    ],
)
async def test_a_document_that_cannot_be_offered_is_refused(
    uri: str, function: Any, complaint: str
) -> None:
    tools = Toolbox()
    with pytest.raises(InvalidTool, match=complaint):
        tools.resource(uri)(function)
    assert await tools.library.list_resources(CONTEXT) == ()


def asking() -> Toolbox:
    tools = Toolbox()

    @tools.prompt(title="Review")
    def review(code: str, tone: Literal["kind", "stern"] = "kind") -> str:  # pyright: ignore[reportUnusedFunction]
        """Ask for a review.

        Args:
            code: What to review.
        """
        return f"Review in a {tone} tone: {code}"

    @tools.prompt
    async def talk(context: CallContext) -> list[Any]:  # pyright: ignore[reportUnusedFunction]
        return [
            PromptMessage(Text("Hello."), "assistant"),
            Image(b"png"),
            f"I am {context.caller.name}.",
        ]

    return tools


async def test_prompts_are_listed_with_their_arguments() -> None:
    assert await asking().library.list_prompts(CONTEXT) == (
        PromptInfo(
            "review",
            "Ask for a review.",
            (PromptArgument("code", "What to review.", required=True), PromptArgument("tone")),
            "Review",
        ),
        PromptInfo("talk"),
    )


async def test_a_prompt_is_filled() -> None:
    tools = asking()
    assert await filled(tools, "review", code="x") == (
        PromptMessage(Text("Review in a kind tone: x")),
    )
    assert await filled(tools, "talk") == (
        PromptMessage(Text("Hello."), "assistant"),
        PromptMessage(Image(b"png")),
        PromptMessage(Text("I am ann.")),
    )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "code: is missing; expected text."),
        ({"code": "x", "mood": "y"}, "mood: is not an argument; the arguments are code, tone."),
        ({"code": "x", "tone": "rude"}, "tone: Input should be 'kind' or 'stern'."),
    ],
)
async def test_a_prompts_wrong_arguments_are_explained(
    arguments: dict[str, str], problem: str
) -> None:
    with pytest.raises(InvalidArguments) as refusal:
        await filled(asking(), "review", **arguments)
    assert refusal.value.problems == (problem,)


async def test_a_prompt_that_gives_something_else_is_a_bug() -> None:
    tools = Toolbox()
    tools.prompt(name="odd")(lambda: 5)
    with pytest.raises(TypeError, match="gave a int: return text"):
        await filled(tools, "odd")


async def test_an_unknown_prompt_is_unknown() -> None:
    with pytest.raises(UnknownName, match="Unknown prompt: 'x'"):
        await filled(asking(), "x")


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"name": "a b"}, "cannot be the name of a prompt"),
        ({"name": "a", "description": "\u202e"}, r"U\+202E"),
        ({"name": "a", "title": "\U000e0041"}, r"U\+E0041"),
    ],
)
def test_a_prompt_that_cannot_be_offered_is_refused(options: Any, complaint: str) -> None:
    with pytest.raises(InvalidTool, match=complaint):
        Toolbox().prompt(**options)(lambda: "")


async def test_completions_are_asked_for_by_prompt_or_template() -> None:
    tools = noting()

    @tools.prompt
    def greet(name: str, place: str) -> str:  # pyright: ignore[reportUnusedFunction]
        return f"{name} {place}"

    @tools.completion("greet", "name")
    async def names(value: str) -> list[str]:  # pyright: ignore[reportUnusedFunction]
        return [f"{value}{number}" for number in range(200)]

    tools.completion("notes://{day}/{number}", "day")(monday)
    found = await tools.library.complete("greet", "name", "a", CONTEXT)
    assert len(found) == 100
    assert found[1] == "a1"
    assert await tools.library.complete("notes://{day}/{number}", "day", "", CONTEXT) == ["monday"]
    assert await tools.library.complete("greet", "place", "", CONTEXT) == []
    assert await tools.library.complete("notes://{day}/{number}", "number", "", CONTEXT) == []
    for name in ("other", "notes://x", "config://app"):
        with pytest.raises(UnknownName):
            await tools.library.complete(name, "name", "", CONTEXT)


@pytest.mark.parametrize(
    ("name", "argument"), [("review", "other"), ("other", "code"), ("config://app", "x")]
)
def test_a_completion_of_nothing_is_refused(name: str, argument: str) -> None:
    with pytest.raises(InvalidTool, match="offer it before its completion"):
        asking().completion(name, argument)


async def test_a_name_can_be_given_once_and_again_after_it_was_removed() -> None:
    tools = Toolbox()
    for _ in range(2):
        tools.resource("notes://{a}")(of_a)
        tools.prompt(name="greet")(of_a)
        tools.completion("greet", "a")(monday)
        with pytest.raises(NameClash, match="notes"):
            tools.resource("notes://{a}")(of_a)
        with pytest.raises(NameClash, match="greet"):
            tools.prompt(name="greet")(lambda: "")
        tools.remove_resource("notes://{a}")
        tools.remove_prompt("greet")
    assert await tools.library.list_resource_templates(CONTEXT) == ()
    assert await tools.library.list_prompts(CONTEXT) == ()
    tools.prompt(name="greet")(of_a)
    assert await tools.library.complete("greet", "a", "", CONTEXT) == []
    with pytest.raises(UnknownName):
        tools.remove_resource("notes://{a}")
    with pytest.raises(UnknownName):
        tools.remove_prompt("other")


def test_listeners_hear_of_documents_and_prompts() -> None:
    tools, heard = Toolbox(), list[Change]()
    tools.subscribe(heard.append)
    tools.resource("notes://1")(lambda: "")
    tools.prompt(name="greet")(lambda: "")
    tools.remove_resource("notes://1")
    tools.remove_prompt("greet")
    assert heard == [Change(kind) for kind in ("resources", "prompts", "resources", "prompts")]
