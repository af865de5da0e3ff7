"""A server with every fixture the official conformance suite asks for, built with toolyard.

Run as `python tests/conformance/server.py --port N [--token T] [--way sdk|lane|forced]`.
"""

import argparse
import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated, Any

import anyio
from pydantic import Field

from toolyard import (
    Audio,
    CallContext,
    Image,
    MCPServerBuilder,
    Resource,
    Text,
    Toolbox,
    ToolError,
    ToolResult,
)
from toolyard.core.content import Content
from toolyard.core.errors import InputRequired, MissingCapability
from toolyard.core.inputs import InputRequest, elicit, list_roots, sample
from toolyard.core.protocol import PromptMessage

PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
)
SILENCE = b64decode("UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=")

tools = Toolbox()


@tools.tool
def test_simple_text() -> Text:
    """Give one text block."""
    return Text("This is a simple text response for testing.")


@tools.tool
def test_image_content() -> Image:
    """Give one picture."""
    return Image(PIXEL)


@tools.tool
def test_audio_content() -> Audio:
    """Give one sound."""
    return Audio(SILENCE)


@tools.tool
def test_embedded_resource() -> Resource:
    """Give one document."""
    return Resource(
        "test://embedded-resource",
        text="This is an embedded resource content.",
        mime_type="text/plain",
    )


@tools.tool
def test_multiple_content_types() -> list[Content]:
    """Give a text, a picture and a document."""
    return [
        Text("Multiple content types test:"),
        Image(PIXEL),
        Resource(
            "test://mixed-content-resource",
            text='{"test": "data", "value": 123}',
            mime_type="application/json",
        ),
    ]


@tools.tool
def test_error_handling() -> Text:
    """Fail on purpose."""
    raise ToolError("This tool intentionally returns an error for testing")


@tools.tool
async def test_tool_with_progress(context: CallContext) -> Text:
    """Report progress three times."""
    for done in (0, 50, 100):
        await context.progress(done, 100, f"Completed step {done} of 100")
        await anyio.sleep(0.05)
    return Text("done")


async def _log_three(context: CallContext) -> None:
    for said in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await context.log("info", said)
        await anyio.sleep(0.05)


@tools.tool
async def test_tool_with_logging(context: CallContext) -> Text:
    """Send three log entries."""
    await _log_three(context)
    return Text("Tool with logging executed successfully")


@tools.tool
async def test_logging_tool(context: CallContext) -> Text:
    """Send log entries to those who asked for them."""
    await _log_three(context)
    return Text("logged")


@tools.tool
async def test_streaming_elicitation(context: CallContext) -> Text:
    """Ask for a name in the middle of the call."""
    answer = await context.ask("name", _name("What is your name?"))
    return Text(f"Hello, {answer.get('content', {}).get('name', 'stranger')}!")


@tools.tool
async def test_missing_capability(context: CallContext) -> Text:
    """Refuse clients that cannot sample."""
    if "sampling" not in context.channel.capabilities:
        raise MissingCapability({"sampling": {}})
    return Text("The client can sample.")


@tools.tool
async def test_sampling(prompt: str, context: CallContext) -> Text:
    """Have the client's model answer a prompt."""
    answer = await context.ask("sample", sample(prompt, max_tokens=100))
    return Text(f"LLM response: {answer['content']['text']}")


@tools.tool
async def test_elicitation(message: str, context: CallContext) -> Text:
    """Ask the user a question."""
    response = {"type": "string", "description": "User's response"}
    return await _elicited(context, message, {"response": response}, ["response"])


@tools.tool
async def test_elicitation_sep1034_defaults(context: CallContext) -> Text:
    """Ask for values that have defaults."""
    properties = {
        "name": {"type": "string", "description": "User name", "default": "John Doe"},
        "age": {"type": "integer", "description": "User age", "default": 30},
        "score": {"type": "number", "description": "User score", "default": 95.5},
        "status": {
            "type": "string",
            "description": "User status",
            "enum": ["active", "inactive", "pending"],
            "default": "active",
        },
        "verified": {"type": "boolean", "description": "Verification", "default": True},
    }
    return await _elicited(context, "Please provide user information", properties, [])


@tools.tool
async def test_elicitation_sep1330_enums(context: CallContext) -> Text:
    """Ask for a choice in every way there is."""
    priorities = [("low", "Low"), ("medium", "Medium"), ("high", "High")]
    topics = [("feature", "New Feature"), ("bug", "Bug Fix"), ("docs", "Documentation")]
    properties: dict[str, Any] = {
        "untitledSingle": {"type": "string", "enum": ["active", "inactive", "pending"]},
        "titledSingle": {"type": "string", "oneOf": _titled(priorities)},
        "untitledMulti": {
            "type": "array",
            "items": {"type": "string", "enum": ["read", "write", "execute"]},
        },
        "titledMulti": {"type": "array", "items": {"anyOf": _titled(topics)}},
        "legacyEnum": {
            "type": "string",
            "enum": ["small", "medium", "large"],
            "enumNames": ["Small Size", "Medium Size", "Large Size"],
        },
    }
    return await _elicited(context, "Please choose", properties, list(properties))


def _titled(pairs: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"const": value, "title": title} for value, title in pairs]


async def _elicited(
    context: CallContext, message: str, properties: Mapping[str, Any], required: list[str]
) -> Text:
    schema = {"type": "object", "properties": dict(properties), "required": required}
    answer = await context.ask("form", elicit(message, schema))
    content = json.dumps(answer.get("content", {}))
    return Text(f"Elicitation completed: action={answer['action']}, content={content}")


def _form(message: str, field: str, kind: str = "string") -> InputRequest:
    schema = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    return elicit(message, schema)


def _name(message: str) -> InputRequest:
    return _form(message, "name")


def _said(context: CallContext, key: str, field: str) -> str:
    return str(context.inputs[key].get("content", {}).get(field, "?"))


@tools.tool
async def test_input_required_result_elicitation(context: CallContext) -> Text:
    """Ask for a name."""
    await context.ask("user_name", _name("What is your name?"))
    return Text(f"Hello, {_said(context, 'user_name', 'name')}!")


@tools.tool
async def test_input_required_result_sampling(context: CallContext) -> Text:
    """Ask the client's model."""
    question = sample("What is the capital of France?", max_tokens=100)
    answer = await context.ask("capital_question", question)
    return Text(f"Model said: {answer['content']['text']}")


@tools.tool
async def test_input_required_result_list_roots(context: CallContext) -> Text:
    """Ask for the client's roots."""
    answer = await context.ask("client_roots", list_roots())
    return Text(f"Client exposed {len(answer['roots'])} root(s).")


@tools.tool
async def test_input_required_result_request_state(context: CallContext) -> Text:
    """Ask, and remember something until the answer."""
    if "confirm" in context.inputs and context.state == "remembered":
        return Text("state-ok: confirmation received")
    raise InputRequired({"confirm": _form("Please confirm", "ok", "boolean")}, "remembered")


@tools.tool
async def test_input_required_result_multiple_inputs(context: CallContext) -> Text:
    """Ask three things at once."""
    requests = {
        "user_name": _name("What is your name?"),
        "greeting": sample("Generate a greeting", max_tokens=50),
        "client_roots": list_roots(),
    }
    if all(key in context.inputs for key in requests):
        return Text("All inputs received.")
    raise InputRequired(requests, "multiple-inputs")


@tools.tool
async def test_input_required_result_multi_round(context: CallContext) -> Text:
    """Ask twice, remembering the first answer."""
    state: dict[str, Any] = json.loads(context.state) if context.state else {"round": 0}
    if state["round"] == 1 and "step1" in context.inputs:
        name = _said(context, "step1", "name")
        request = _form("Step 2: What is your favorite color?", "color")
        raise InputRequired({"step2": request}, json.dumps({"round": 2, "name": name}))
    if state["round"] == 2 and "step2" in context.inputs:
        return Text(f"{state['name']} likes {_said(context, 'step2', 'color')}.")
    request = _name("Step 1: What is your name?")
    raise InputRequired({"step1": request}, json.dumps({"round": 1}))


@tools.tool
async def test_input_required_result_tampered_state(context: CallContext) -> Text:
    """Remember something that nobody may change."""
    if context.state is None:
        raise InputRequired({"confirm": _form("Please confirm", "ok", "boolean")}, "round-1")
    return Text(f"state-ok: {context.state}")


@tools.tool
async def test_input_required_result_capabilities(context: CallContext) -> Text:
    """Ask only what the client can answer."""
    requests: dict[str, InputRequest] = {}
    if "sampling" in context.channel.capabilities:
        requests["sample"] = sample("Say hello", max_tokens=50)
    if "elicitation" in context.channel.capabilities:
        requests["ask"] = _name("What is your name?")
    raise InputRequired(requests, "capability-gated")


@tools.tool
def test_x_mcp_header(
    region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})] = "none",  # noqa: PT028 (a tool)
) -> Text:
    """Take an argument that is mirrored into a header.

    Args:
        region: Where to look.
    """
    return Text(f"region={region}")


def _name_arguments(arguments: Mapping[str, Any]) -> ToolResult:
    return ToolResult.of({"given": sorted(arguments)})


tools.add_schema(
    "json_schema_2020_12_tool",
    _name_arguments,
    description="Has a schema with keywords of JSON Schema 2020-12.",
    input_schema={
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            }
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": False,
    },
)


@tools.tool
async def test_trigger_tool_change() -> Text:
    """Add a tool and take it away again."""
    tools.add_schema(
        "test_dynamic_tool",
        _name_arguments,
        description="Comes and goes.",
        input_schema={"type": "object"},
    )
    tools.remove("test_dynamic_tool")
    return Text("tool list changed")


@tools.tool
async def test_trigger_prompt_change() -> Text:
    """Add a prompt and take it away again."""

    @tools.prompt(name="test_dynamic_prompt")
    def dynamic() -> str:  # pyright: ignore[reportUnusedFunction]
        """Come and go."""
        return "dynamic"

    tools.remove_prompt("test_dynamic_prompt")
    return Text("prompt list changed")


@tools.resource("test://static-text", mime_type="text/plain")
def static_text() -> str:
    """A text."""
    return "This is the content of the static text resource."


@tools.resource("test://static-binary", mime_type="image/png")
def static_binary() -> bytes:
    """A picture."""
    return PIXEL


@tools.resource("test://template/{id}/data", mime_type="application/json")
def template(id: str) -> str:
    """A document for every id."""
    return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


@tools.resource("test://watched-resource", mime_type="text/plain")
def watched() -> str:
    """A document that clients watch."""
    return "Watched resource content"


@tools.prompt
def test_simple_prompt() -> str:
    """Give one message."""
    return "This is a simple prompt for testing."


@tools.prompt
def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    """Give a message with two blanks filled.

    Args:
        arg1: The first.
        arg2: The second.
    """
    return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"


@tools.completion("test_prompt_with_arguments", "arg1")
def complete_arg1(value: str) -> list[str]:
    return [word for word in ("paris", "park", "party") if word.startswith(value)]


@tools.prompt
def test_prompt_with_embedded_resource(resourceUri: str) -> list[PromptMessage]:
    """Give a document and a request.

    Args:
        resourceUri: The document's URI.
    """
    text = "Embedded resource content for testing."
    document = Resource(resourceUri, text=text, mime_type="text/plain")
    return [
        PromptMessage(document),
        PromptMessage(Text("Please process the embedded resource above.")),
    ]


@tools.prompt
def test_prompt_with_image() -> list[PromptMessage]:
    """Give a picture and a request."""
    return [PromptMessage(Image(PIXEL)), PromptMessage(Text("Please analyze the image above."))]


@tools.prompt
async def test_input_required_result_prompt(context: CallContext) -> str:
    """Ask for the context of a prompt."""
    await context.ask("user_context", _form("What context should be used?", "context"))
    return f"Use the following context: {_said(context, 'user_context', 'context')}"


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--token")
    arguments.add_argument("--way", choices=["sdk", "lane", "forced"], default="lane")
    given = arguments.parse_args()
    builder = MCPServerBuilder("toolyard-conformance").with_protocol("fixtures", tools)
    builder.with_port(given.port).with_fast_lane(given.way != "sdk")
    if given.token:
        builder.with_bearer_token(given.token)
    server = builder.build()
    if given.way == "forced":
        assert server.lane is not None
        server.lane.is_forced = True
    anyio.run(server.serve, backend_options={"use_uvloop": True})


if __name__ == "__main__":
    main()
