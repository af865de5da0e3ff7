"""Documents and prompts beside tools."""

import anyio

from toolyard import CallContext, Toolbox

tools = Toolbox()


@tools.resource("handbook://{chapter}", mime_type="text/markdown")
def chapter(chapter: str) -> str:
    """A chapter of the handbook."""
    return f"# {chapter}\n\nBe kind."


@tools.prompt
def review(code: str, style: str = "friendly") -> str:
    """Ask for a code review.

    Args:
        code: What to review.
        style: How to say it.
    """
    return f"Review this code in a {style} tone:\n\n{code}"


async def main() -> None:
    context = CallContext()
    print((await tools.library.read_resource("handbook://welcome", context))[0].text)
    for message in await tools.library.get_prompt("review", {"code": "x = 1"}, context):
        print(message.role, message.content)


if __name__ == "__main__":
    anyio.run(main)
