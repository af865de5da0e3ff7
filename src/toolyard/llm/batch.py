"""Many questions to a model, some at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

import anyio

from toolyard.core.errors import BudgetSpent, KeyRefused, ModelError, QuotaSpent
from toolyard.core.groups import first_of
from toolyard.llm.chat import Reply
from toolyard.llm.chat_model import ChatModel
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.session import LLMSession

AT_ONCE = 5
ENDING = (BudgetSpent, KeyRefused, QuotaSpent)
"""What would be the same for all that is still to be asked."""

T = TypeVar("T")
R = TypeVar("R")


async def complete_all(
    questions: Sequence[str],
    *,
    model: ChatModel,
    system_prompt: str = "",
    settings: ModelSettings | None = None,
    at_once: int = AT_ONCE,
) -> list[Reply | ModelError]:
    """What `model` answers to each question, in their order; an error where there is no answer.

    Args:
        questions: Each is a conversation of its own.
        model: Whoever made it closes it.
        system_prompt: What it is to be and do.
        settings: How it is to answer.
        at_once: How many may wait for their answers together, 1 or more.

    Raises:
        ModelError: There is none, and would be none for the others either: the key is refused,
            or what was paid for is used up.
    """
    answers: dict[int, Reply | ModelError] = {}

    async def ask(question: str) -> Reply:
        session = LLMSession(model, system_prompt=system_prompt, settings=settings)
        return await session.send(question)

    async def take(number: int, answer: Reply | ModelError) -> None:
        answers[number] = answer

    await answer_each(enumerate(questions), ask, take, at_once=at_once)
    return [answers[number] for number in range(len(questions))]


async def answer_each(
    items: Iterable[tuple[int, T]],
    ask: Callable[[T], Awaitable[R]],
    done: Callable[[int, R | ModelError], Awaitable[None]],
    *,
    at_once: int,
) -> None:
    """Call `ask` for each item, and `done` with its number and what came of it, as it comes.

    Raises:
        ModelError: One of `ENDING`; what is under way then is given up.
    """
    waiting = iter(items)

    async def work() -> None:
        for number, item in waiting:  # shared by all: each takes what comes next
            try:
                came = await ask(item)
            except ENDING:
                raise
            except ModelError as error:
                came = error
            await done(number, came)

    try:
        async with anyio.create_task_group() as tasks:
            for _ in range(at_once):
                tasks.start_soon(work)
    except ExceptionGroup as errors:
        raise first_of(errors) from None
