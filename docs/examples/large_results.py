"""A result that is too large for a model: it sees both ends, and reads on where it wants to."""

import anyio

from toolyard import (
    CallContext,
    LargeResults,
    ResultReader,
    ResultShelf,
    Toolbox,
    ToolCall,
    ToolRegistry,
)

tools = Toolbox()


@tools.tool
async def squares(up_to: int) -> list[dict[str, int]]:
    """Square the numbers from 1 on."""
    return [{"number": number, "square": number**2} for number in range(1, up_to + 1)]


async def main() -> None:
    shelf, context = ResultShelf(), CallContext()
    async with ToolRegistry(LargeResults(tools, shelf), ResultReader(shelf)) as registry:
        result = await registry.call_tool(ToolCall("squares", {"up_to": 10_000}), context)
        print(result.text[:60])
        handle = result.text.partition('handle "')[2].partition('"')[0]
        chosen = {"handle": handle, "jq": ".result[] | select(.number == 1234) | .square"}
        print((await registry.call_tool(ToolCall("result_read", chosen), context)).text)


if __name__ == "__main__":
    anyio.run(main)
