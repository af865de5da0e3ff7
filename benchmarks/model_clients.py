"""One way to ask a model, as a program: each library runs it where it is installed.

`python model_clients.py WAY URL` reads lines such as `call 0.8` or `stream 0.8` from its standard
input, does that for so many seconds, and prints what one took, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median
from typing import Any

PIECE, PIECES = " word", 100
"""What the provider says, and how often."""
_WARM_UP = 5
_SAID: Any = [{"role": "user", "content": "Hello"}]

Ask = Callable[[], Awaitable[str]]
"""Asks once, and gives the text of the answer."""
Ways = Mapping[str, Ask]


def openai(url: str) -> Ways:
    """The provider's own library."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(api_key="k", base_url=url, max_retries=0)
    create: Any = client.chat.completions.create

    async def call() -> str:
        return (await create(model="m", messages=_SAID)).choices[0].message.content

    async def stream() -> str:
        options = {"stream": True, "stream_options": {"include_usage": True}}
        return await _heard(await create(model="m", messages=_SAID, **options))

    return {"call": call, "stream": stream}


def toolyard(url: str) -> Ways:
    """Ours, on that library."""
    from toolyard import ChatRequest, StreamingModel, TextDelta, chat_model
    from toolyard.llm.message import user

    model, request = chat_model("openai:m", api_key="k", base_url=url), ChatRequest([user("Hello")])
    assert isinstance(model, StreamingModel)

    async def call() -> str:
        return (await model.reply(request)).text

    async def stream() -> str:
        return "".join(
            [piece.text async for piece in model.stream(request) if isinstance(piece, TextDelta)]
        )

    return {"call": call, "stream": stream}


def any_llm(url: str) -> Ways:
    """any-llm-sdk, a client for all requests."""
    from any_llm import AnyLLM

    create: Any = AnyLLM.create("openai", api_key="k", api_base=url).acompletion

    async def call() -> str:
        return (await create(model="m", messages=_SAID)).choices[0].message.content

    async def stream() -> str:
        return await _heard(await create(model="m", messages=_SAID, stream=True))

    return {"call": call, "stream": stream}


def litellm(url: str) -> Ways:
    """litellm."""
    import litellm as library

    create: Any = library.acompletion
    known: Any = {"model": "openai/m", "api_key": "k", "api_base": url, "num_retries": 0}

    async def call() -> str:
        return (await create(messages=_SAID, **known)).choices[0].message.content

    async def stream() -> str:
        return await _heard(await create(messages=_SAID, stream=True, **known))

    return {"call": call, "stream": stream}


WAYS: Mapping[str, Callable[[str], Ways]] = {
    "openai": openai,
    "toolyard": toolyard,
    "any-llm": any_llm,
    "litellm": litellm,
}


async def _heard(chunks: Any) -> str:
    said = [chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices]
    return "".join(said)


async def _measured(ask: Ask, seconds: float) -> Mapping[str, float]:
    for _ in range(_WARM_UP):
        await _checked(ask)
    times: list[float] = []
    until, used = time.perf_counter() + seconds, time.process_time()
    while not times or time.perf_counter() < until:
        started = time.perf_counter()
        await _checked(ask)
        times.append(time.perf_counter() - started)
    spent = time.process_time() - used
    return {"p50_ms": median(times) * 1000, "cpu_ms": spent / len(times) * 1000}


async def _checked(ask: Ask) -> None:
    if await ask() != PIECE * PIECES:
        raise ValueError("The answer did not arrive whole.")


async def _serve(ways: Ways) -> None:
    while line := await asyncio.to_thread(sys.stdin.readline):
        what, _, seconds = line.partition(" ")
        print(json.dumps(await _measured(ways[what], float(seconds))), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(WAYS[sys.argv[1]](sys.argv[2])))
