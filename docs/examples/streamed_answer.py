"""An answer that is shown while the model writes it."""

import os

import anyio

from toolyard import ReasoningDelta, Reply, TextDelta, stream

MODEL = os.environ.get("TOOLYARD_MODEL", "echo")


async def main() -> None:
    async for piece in stream("Tell me of trains that are swapped while they run.", model=MODEL):
        match piece:
            case TextDelta(text):
                print(text, end="", flush=True)
            case ReasoningDelta():
                pass  # what the model thinks, where its provider shows it
            case Reply():
                print(f"\n({piece.usage.output_tokens} tokens)")
            case _:
                pass


if __name__ == "__main__":
    anyio.run(main)
