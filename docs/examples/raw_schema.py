"""A tool with a JSON Schema written by hand, as when it comes from a database or a document."""

from collections.abc import Mapping
from typing import Any

import anyio

from toolyard import CallContext, Toolbox, ToolCall

STOCK = {"bolt": 120, "nut": 0}

tools = Toolbox()


def look_up(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"part": arguments["part"], "left": STOCK[arguments["part"]]}


tools.add_schema(
    "stock",
    look_up,
    description="Say how many of a part are left.",
    input_schema={
        "type": "object",
        "properties": {"part": {"type": "string", "enum": list(STOCK)}},
        "required": ["part"],
        "additionalProperties": False,
    },
    read_only=True,
)


async def main() -> None:
    result = await tools.call_tool(ToolCall("stock", {"part": "bolt"}), CallContext())
    print(result.structured)


if __name__ == "__main__":
    anyio.run(main)
