"""Whatever a source gives reaches the client as JSON, or as an error of that one request."""

import json
import os
from collections.abc import AsyncGenerator, Callable
from types import MappingProxyType
from typing import Any

import httpx2
import pytest
from tests.servers.harness import ask, builder, http_to, legacy, messages, open_session

from toolyard import CallContext, Resource, ResourceLink, Text, Toolbox, ToolResult
from toolyard.core.errors import RemoteFault, ToolError
from toolyard.core.text_safety import sendable
from toolyard.servers.plain import plain
from toolyard.servers.tool_server import ToolServer

ODD = os.fsdecode(b"caf\xe9")
CLEAN = "caf\ufffd"
NO_JSON: list[Any] = [10**5000, float("nan"), float("inf"), object(), {1, 2}]


def test_a_lone_surrogate_is_replaced_by_one_letter() -> None:
    assert sendable(ODD) == CLEAN
    assert sendable("a\ud83d") == "a\ufffd"
    assert sendable("grin \U0001f600") == "grin \U0001f600"


def test_a_value_that_is_plain_already_stays_the_same_object() -> None:
    value = {"a": [1, "é", None], "b": {"c": 1}}
    assert plain(value) is value


def test_a_mapping_of_any_kind_becomes_a_dictionary() -> None:
    nothing: dict[str, Any] = {}
    inner: dict[str, Any] = {"c": (1, MappingProxyType(nothing))}
    given: dict[str, Any] = {"b": MappingProxyType(inner)}
    assert json.dumps(plain(given)) == '{"b": {"c": [1, {}]}}'


def test_a_value_is_cleaned_inside_out() -> None:
    assert plain({ODD: [ODD, {"a": (ODD, 1)}]}) == {CLEAN: [CLEAN, {"a": [CLEAN, 1]}]}


@pytest.mark.parametrize("value", NO_JSON, ids=lambda value: type(value).__name__)
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(ToolError, match="JSON cannot say"):
        plain({"a": value})


def test_what_goes_on_for_ever_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(ToolError, match="JSON cannot say"):
        plain(value)


def test_what_is_too_large_is_refused_by_its_bytes() -> None:
    assert plain("é" * 10, 22)
    with pytest.raises(ToolError, match="larger than 21 bytes"):
        plain("é" * 10, 21)


async def text() -> str:
    return ODD


async def structured() -> ToolResult:
    return ToolResult(structured={ODD: ODD}, meta={ODD: ODD})


async def link() -> ToolResult:
    return ToolResult((ResourceLink(f"file:///{ODD}", ODD, title=ODD),))


async def embedded() -> ToolResult:
    return ToolResult((Resource(f"file:///{ODD}", text=ODD),))


async def refusal() -> str:
    raise ToolError(ODD)


async def several() -> list[dict[str, str]]:
    return [{ODD: ODD}]


async def logged(context: CallContext) -> Text:
    await context.log("info", {ODD: ODD}, logger=ODD)
    await context.progress(1, message=ODD)
    return Text(ODD)


async def fault() -> str:
    raise RemoteFault(-32050, ODD, {ODD: object()})


async def proxied() -> ToolResult:
    return ToolResult(structured=MappingProxyType({"a": MappingProxyType({"b": CLEAN})}))


async def impossible() -> ToolResult:
    return ToolResult(structured={"a": object()})


async def digits() -> ToolResult:
    return ToolResult(structured={"a": 10**5000})


async def large() -> str:
    return "x" * 100_000


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[ToolServer]:
    tools = Toolbox()
    functions = (
        proxied, text, several, structured, link, embedded, refusal, logged, fault,
        impossible, digits, large,
    )  # fmt: skip
    for function in functions:
        tools.add(function, description="Odd.")

    @tools.resource("note://odd")
    def odd() -> str:
        return ODD

    @tools.resource("note://large")
    def much() -> str:
        return "x" * 100_000

    @tools.prompt
    def say(word: str) -> str:
        return word + ODD

    @tools.completion("say", "word")
    def words(typed: str) -> list[str]:
        return [typed + ODD]

    assert all((odd, much, say, words))
    async with builder(tools).with_limits(answer_bytes=50_000).build() as running:
        yield running


Ask = Callable[[str, dict[str, Any]], Any]


@pytest.fixture(params=["modern", "legacy"])
async def asked(request: pytest.FixtureRequest, server: ToolServer) -> AsyncGenerator[Ask]:
    """Asks in one era; gives the last message, which is the answer."""
    async with http_to(server) as http:
        session = await open_session(http) if request.param == "legacy" else {}

        async def answer(method: str, params: dict[str, Any]) -> Any:
            if session:
                body = legacy(method, params, number=7)
                given = await http.post("/mcp", content=body, headers=session)
            else:
                given = await ask(http, method, params, number=7)
            return last(given)

        yield answer


def last(given: httpx2.Response) -> Any:
    message = messages(given)[-1]
    assert message["id"] == 7
    assert "\\ud" not in json.dumps(message)
    return message


@pytest.mark.parametrize(
    "name", ["text", "several", "structured", "link", "embedded", "refusal", "logged"]
)
async def test_a_call_answers_with_clean_texts(asked: Ask, name: str) -> None:
    answer = await asked("tools/call", {"name": name, "arguments": {}})
    assert CLEAN in json.dumps(answer["result"], ensure_ascii=False)


@pytest.mark.parametrize("name", ["impossible", "digits"])
async def test_a_result_that_is_no_json_is_an_error_for_the_model(asked: Ask, name: str) -> None:
    result = (await asked("tools/call", {"name": name, "arguments": {}}))["result"]
    assert result["isError"]
    assert result["content"][0]["text"] == "The answer holds something that JSON cannot say."


async def test_a_result_that_is_too_large_is_an_error_for_the_model(asked: Ask) -> None:
    result = (await asked("tools/call", {"name": "large", "arguments": {}}))["result"]
    assert result["isError"]
    assert "larger than 50000 bytes" in result["content"][0]["text"]


async def test_an_error_of_a_remote_server_keeps_what_can_be_said(asked: Ask) -> None:
    error = (await asked("tools/call", {"name": "fault", "arguments": {}}))["error"]
    assert (error["code"], error["message"]) == (-32050, CLEAN)


async def test_documents_prompts_and_completions_are_clean(asked: Ask) -> None:
    document = await asked("resources/read", {"uri": "note://odd"})
    assert document["result"]["contents"][0]["text"] == CLEAN
    prompt = await asked("prompts/get", {"name": "say", "arguments": {"word": "a"}})
    assert prompt["result"]["messages"][0]["content"]["text"] == f"a{CLEAN}"
    about = {"ref": {"type": "ref/prompt", "name": "say"}}
    values = await asked(
        "completion/complete", {**about, "argument": {"name": "word", "value": "b"}}
    )
    assert values["result"]["completion"]["values"] == [f"b{CLEAN}"]


async def test_a_document_that_is_too_large_is_refused(asked: Ask) -> None:
    error = (await asked("resources/read", {"uri": "note://large"}))["error"]
    assert "larger than 50000 bytes" in error["message"]


def test_text_blocks_are_what_they_were() -> None:
    assert Text(ODD).text == ODD  # cleaned on the wire, not in the value
