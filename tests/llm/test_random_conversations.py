"""Conversations at random: whatever is said and forgotten, every provider would take the rest."""

import random

import pytest
from tests.llm.moody import TOOL, Moody
from tests.llm.test_providers import PNG

from toolyard import Image, Text
from toolyard.core.errors import ModelError
from toolyard.llm.message import ToolUseResult
from toolyard.llm.session import LLMSession
from toolyard.llm.session_json import session_json, session_of

SENDS = 32_000
"""About one in three forgets something."""


def said(dice: random.Random, session: LLMSession) -> list[str | Text | Image | ToolUseResult]:
    """Something that may be said now: texts, pictures, some of the results that are waited for."""
    contents: list[tuple[Text | Image, ...]] = [
        (Text("3"),),
        (),
        (Text(""),),
        (Text("long " * 200),),
        (Text("see"), Image(PNG)),
        (Image(PNG),),
    ]
    results = [
        ToolUseResult(use.id, use.name, dice.choice(contents), is_error=dice.random() < 0.2)
        for use in session.pending
        if dice.random() < 0.8
    ]
    rest = [dice.choice(["go on", "word " * 100, Image(PNG)]) for _ in range(dice.randrange(3))]
    return [*results, *rest] or ["well?"]


@pytest.mark.parametrize("seed", range(4))
async def test_every_provider_takes_what_is_left(seed: int) -> None:
    dice = random.Random(seed)
    moody = Moody(dice)
    session = LLMSession(moody, system_prompt="Be odd.", context_tokens=400)
    failed = 0
    for _ in range(SENDS // 4):
        session.context_tokens = dice.choice([60, 400, 3_000])
        try:
            await session.send(*said(dice, session), tools=[TOOL])
        except ModelError:
            failed += 1
        chance = dice.random()
        if chance < 0.05:
            session = session.fork()
        elif chance < 0.1:
            session = session_of(session_json(session), moody)
    assert failed > 100
    assert moody.forgot > 2_500  # in four runs
