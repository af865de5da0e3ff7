"""The tool `generate_image`, in Python and for a model."""

import base64
import json
import logging
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.builtin_tools.images.pictures import PNG, data_of
from tests.builtin_tools.images.provider import API_KEY, Answer, provider

from toolyard import (
    CallContext,
    Image,
    ImageGeneration,
    InvalidArguments,
    MCPClient,
    MCPServerBuilder,
    NameClash,
    PlaceholderModel,
    ResourceLink,
    Text,
    Toolbox,
    ToolCall,
    ToolError,
    ToolProtocol,
    ToolRegistry,
    ToolResult,
    UnknownName,
    image_model,
    register_image_generation_tool,
)

CONTEXT = CallContext()


async def call(source: ToolProtocol, **arguments: Any) -> ToolResult:
    return await source.call_tool(ToolCall("generate_image", arguments), CONTEXT)


def without_base64(result: ToolResult) -> bool:
    """Whether no text holds an image."""
    images = [block.data for block in result.content if isinstance(block, Image)]
    said = result.text + json.dumps(result.structured)
    return not any(base64.b64encode(each).decode()[20:60] in said for each in images)


async def test_it_is_used_as_a_plain_object() -> None:
    (drawn,) = await ImageGeneration(PlaceholderModel()).generate_image("a cat")
    assert isinstance(drawn, Image)
    assert drawn.data.startswith(b"\x89PNG")


async def test_a_model_gets_blocks_a_text_and_the_facts() -> None:
    result = await call(ImageGeneration(PlaceholderModel()), prompt="a cat", count=2)
    text, *images = result.content
    assert text == Text("2 images, drawn by words of placeholder.")
    sizes = [len(each.data) for each in images if isinstance(each, Image)]
    assert result.structured == {
        "images": [{"mime_type": "image/png", "bytes": size} for size in sizes],
        "provider": "placeholder",
        "model": "words",
    }
    assert without_base64(result)


async def test_the_schema_is_what_the_model_can_do() -> None:
    grok = ImageGeneration(image_model("grok", api_key=API_KEY))
    (tool,) = await grok.list_tools(CONTEXT)
    properties = tool.input_schema["properties"]
    assert set(properties) == {"prompt", "aspect_ratio", "count", "response_format"}
    assert tool.input_schema["required"] == ["prompt"]
    assert "19.5:9" in properties["aspect_ratio"]["enum"]
    assert properties["count"]["maximum"] == 10
    assert properties["response_format"]["enum"] == ["image", "url"]
    (plain,) = await ImageGeneration(PlaceholderModel(), save_to="x").list_tools(CONTEXT)
    formats = plain.input_schema["properties"]["response_format"]
    assert (formats["enum"], formats["default"]) == (["file", "image"], "file")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": "x" * 8_001}, "prompt"),
        ({"prompt": "x", "aspect_ratio": "7:1"}, "1:1"),
        ({"prompt": "x", "count": 0}, "count"),
        ({"prompt": "x", "count": 5}, "count"),
        ({"prompt": "x", "count": 1.5}, "count"),
        ({"prompt": "x", "count": True}, "count"),
        ({"prompt": "x", "response_format": "url"}, "image"),
        ({"prompt": "x", "response_format": "file"}, "image"),
        ({"prompt": "x", "path": "/etc/passwd"}, "path"),
        ({"prompt": "x", "image": "file:///etc/passwd"}, "image"),
    ],
)
async def test_bad_arguments_are_refused_with_what_is_allowed(
    arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidArguments, match=said):
        await call(ImageGeneration(PlaceholderModel()), **arguments)


async def test_another_tool_is_not_known() -> None:
    with pytest.raises(UnknownName):
        await ImageGeneration(PlaceholderModel()).call_tool(ToolCall("draw"), CONTEXT)


async def test_in_python_the_same_is_refused() -> None:
    source = ImageGeneration(PlaceholderModel())
    with pytest.raises(ToolError, match="no response_format 'url'; choose one of image"):
        await source.generate_image("a cat", response_format="url")
    with pytest.raises(ToolError, match="choose one of 1:1, 3:2"):
        await source.generate_image("a cat", aspect_ratio="7:1")


async def test_what_a_provider_refuses_is_an_error_result() -> None:
    body = {"error": {"code": "moderation_blocked"}}
    async with provider(Answer.of(body, 400)) as server:
        result = await call(ImageGeneration(server.model("openai")), prompt="a cat")
    assert result == ToolResult.error("openai refuses to draw this; describe something else.")


async def test_an_address_is_a_link() -> None:
    url = "https://imgen.x.ai/1.jpeg"
    async with provider(Answer.of({"data": [{"url": url}]})) as server:
        source = ImageGeneration(server.model("grok"))
        result = await call(source, prompt="a cat", response_format="url")
    assert result.content[1:] == (ResourceLink(url, name="image"),)
    assert result.structured["images"] == [{"uri": url}]
    assert url in result.text


async def test_a_saved_image_is_a_link_that_can_be_read(tmp_path: Path) -> None:
    async with provider(Answer.of(data_of(PNG))) as server:
        source = ImageGeneration(server.model("openai"), save_to=tmp_path / "deep" / "er")
        result = await call(source, prompt="a cat")
    (link,) = result.content[1:]
    assert isinstance(link, ResourceLink)
    assert (link.mime_type, link.size) == ("image/png", len(PNG))
    assert result.structured["images"] == [
        {"mime_type": "image/png", "bytes": len(PNG), "uri": link.uri}
    ]
    assert str(tmp_path) not in str(result)
    (read,) = await source.library.read_resource(link.uri, CONTEXT)
    assert (read.uri, read.blob, read.mime_type) == (link.uri, PNG, "image/png")


async def test_a_server_finds_what_was_saved(tmp_path: Path) -> None:
    async with ToolRegistry(ImageGeneration(PlaceholderModel(), save_to=tmp_path)) as registry:
        result = await call(registry, prompt="a cat")
        (template,) = await registry.library.list_resource_templates(CONTEXT)
        uri = result.structured["images"][0]["uri"]
        (read,) = await registry.library.read_resource(uri, CONTEXT)
    assert template.uri == "image://generated/{name}"
    assert read.mime_type == "image/png"


async def test_with_a_folder_the_image_itself_can_still_be_asked_for(tmp_path: Path) -> None:
    source = ImageGeneration(PlaceholderModel(), save_to=tmp_path)
    result = await call(source, prompt="a cat", response_format="image")
    assert isinstance(result.content[1], Image)
    assert not os.listdir(tmp_path)


async def test_an_address_stays_one_when_files_are_wanted(tmp_path: Path) -> None:
    url = "https://imgen.x.ai/1.jpeg"
    async with provider(Answer.of({"data": [{"url": url}, *data_of(PNG)["data"]]})) as server:
        source = ImageGeneration(server.model("grok"), save_to=tmp_path)
        drawn = await source.generate_image("a cat", count=2)
    assert drawn[0] == ResourceLink(url, name="image")
    assert len(os.listdir(tmp_path)) == 1


async def test_a_toolbox_gets_the_tool_in_one_line(tmp_path: Path) -> None:
    toolbox = Toolbox()
    register_image_generation_tool(toolbox, PlaceholderModel(), save_to=tmp_path)
    result = await call(toolbox, prompt="a cat")
    (tool,) = await toolbox.list_tools(CONTEXT)
    assert tool.output_schema is not None
    jsonschema.validate(result.structured, tool.output_schema)
    uri = result.structured["images"][0]["uri"]
    assert (await toolbox.library.read_resource(uri, CONTEXT))[0].blob
    with pytest.raises(NameClash):
        register_image_generation_tool(toolbox, PlaceholderModel())


class Own:
    """A model somebody else wrote."""

    provider = "own"
    model = "cat-1"
    aspect_ratios = ("1:1",)
    most_images = 1
    gives_urls = False

    async def generate(
        self, prompt: str, aspect_ratio: str | None, count: int, *, as_urls: bool = False
    ) -> list[Image | ResourceLink]:
        return [Image(prompt.encode(), "image/gif")]


async def test_a_model_of_ones_own_is_used(tmp_path: Path) -> None:
    result = await call(ImageGeneration(Own()), prompt="GIF")
    assert result.content[1] == Image(b"GIF", "image/gif")
    with pytest.raises(ToolError, match="of this kind is not saved"):
        await ImageGeneration(Own(), save_to=tmp_path).generate_image("GIF")


async def test_it_is_served_and_no_log_holds_the_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with provider(Answer.of(data_of(PNG)), Answer(401)) as server:
        source = ImageGeneration(server.model("openai"), save_to=tmp_path)
        builder = MCPServerBuilder("images").with_protocol("images", source).with_port(0)
        async with builder.build() as served, MCPClient(served.url) as client:
            inline = await call(client, prompt="a cat", response_format="image")
            failed = await call(client, prompt="a cat")
    assert inline.content[1] == Image(PNG, "image/png")
    assert without_base64(inline)
    assert failed.is_error
    assert API_KEY not in caplog.text + str(inline) + str(failed)
