"""An agent with four tools: a calculator, a memory, images, and a function of one's own.

The scripted model says what a real one would; put `"openai:gpt-5-mini"` in its place, with a key.
"""

import anyio

from toolyard import (
    Agent,
    Calculator,
    ImageGeneration,
    Memory,
    Message,
    ScriptedModel,
    ToolStarted,
    ToolUse,
    image_model,
)


def fibonacci(n: int) -> int:
    """The n-th Fibonacci number."""
    before, at = 1, 0
    for _ in range(n):
        before, at = at, before + at
    return at


model = ScriptedModel(
    Message(
        "assistant",
        (
            ToolUse("1", "fibonacci", {"n": 30}),
            ToolUse("2", "calculator", {"expression": "sqrt(144) * 2"}),
        ),
    ),
    ToolUse("3", "memory", {"command": "P fibonacci_30 832040"}),
    ToolUse("4", "generate_image", {"prompt": "a spiral of 832040 shells"}),
    "F(30) is 832040, noted and drawn; and 2 * sqrt(144) is 24.",
)
TOOLS = [Calculator(), Memory(), ImageGeneration(image_model("placeholder")), fibonacci]


async def main() -> None:
    async with Agent("Ada", model, tools=TOOLS, expertise="Numbers.") as agent:
        print([tool.name for tool in await agent.list_tools()])
        async for piece in agent.stream("What is F(30)? Note it, and draw it."):
            if isinstance(piece, ToolStarted):
                print("runs", piece.use.name)
        print(agent.session.messages[-1].text)
        results = [each for each in agent.session.messages if each.role == "tool"]
        print(f"{len(results)} rounds of tools, {agent.session.usage.total_tokens} tokens")


if __name__ == "__main__":
    anyio.run(main)
