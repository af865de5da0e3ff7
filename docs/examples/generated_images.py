"""Drawing images: in Python, and as a tool beside others; the placeholder needs no key."""

from tempfile import TemporaryDirectory

import anyio

from toolyard import (
    CallContext,
    Image,
    ImageGeneration,
    Toolbox,
    ToolCall,
    image_model,
    register_image_generation_tool,
)

tools = Toolbox()
model = image_model("placeholder")  # or "openai", "grok", "gemini", with a key in the environment
register_image_generation_tool(tools, model)


async def main() -> None:
    for drawn in await ImageGeneration(model).generate_image("a cat", aspect_ratio="16:9", count=2):
        assert isinstance(drawn, Image)
        print(drawn.mime_type, drawn.data[:4])

    call, context = ToolCall("generate_image", {"prompt": "a cat on a roof"}), CallContext()
    print((await tools.call_tool(call, context)).text)

    with TemporaryDirectory() as folder:  # kept there, and read as a resource
        source = ImageGeneration(model, save_to=folder)
        link = (await source.call_tool(call, context)).structured["images"][0]
        (saved,) = await source.library.read_resource(link["uri"], context)
        print(saved.mime_type, len(saved.blob or b"") == link["bytes"])


if __name__ == "__main__":
    anyio.run(main)
