"""One question to a model, and what the answer took."""

import os

import anyio

from toolyard import DETERMINISTIC, ListPrices, complete

MODEL = os.environ.get("TOOLYARD_MODEL", "echo")
"""Such as `openai:gpt-5-mini`; `echo` needs no key, and says what it hears."""


async def main() -> None:
    reply = await complete(
        "What is a yard?",
        model=MODEL,
        system_prompt="Answer in one sentence.",
        settings=DETERMINISTIC,
    )
    print(reply.text)
    print(f"{reply.usage.total_tokens} tokens, {reply.finish}, {ListPrices().cost(reply)} dollars")


if __name__ == "__main__":
    anyio.run(main)
