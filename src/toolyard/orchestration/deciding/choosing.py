"""Which of the members fit a task. Where it cannot be told, all of them do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import hypot, isfinite
from typing import Any

from pydantic import BaseModel, Field

from toolyard.core.workflow_errors import WorkflowError
from toolyard.orchestration.calling import called
from toolyard.orchestration.engines.fan_out import Chosen, everyone
from toolyard.orchestration.hub import TASK
from toolyard.orchestration.member import Member
from toolyard.orchestration.texts.roster import meant, roster
from toolyard.orchestration.workflow_run import WorkflowRun

Embed = Callable[[Sequence[str]], Any]
"""Gives a vector of numbers for each text, all of the same length; it may be async."""

CHOOSE = "Those who can work on the task, by their ids:\n{members}\n\n{asked}"


class Choice(BaseModel):
    """What a router chose."""

    members: list[str] = Field(description="The ids of the members, the most fitting first.")


class ByKeywords:
    """Those of whom a keyword is in the task, as a word of its own, whatever its case."""

    def __init__(self, keywords: Mapping[str, Sequence[str]]) -> None:
        """As described; `keywords` are by the ids of the members."""
        self._keywords = keywords

    async def __call__(self, run: WorkflowRun, members: Sequence[Member]) -> Sequence[Chosen]:
        """As `Choose`."""
        chosen = list[Chosen]()
        for member in members:
            hits = [each for each in self._keywords.get(member.id, ()) if _is_in(each, run.task)]
            if hits:
                chosen.append(Chosen(member, f"the task says {', '.join(hits)}"))
        return chosen or await everyone("no keyword is in the task")(run, members)


class ByRouter:
    """Those whom a member chooses; all if it chooses nobody whom it could."""

    def __init__(self, router: Member, most: int, asked: str) -> None:
        """As described.

        Args:
            router: Who chooses.
            most: So many are asked at most, the first that it names.
            asked: What it is asked, after the task and who there is.
        """
        self._router = router
        self._most = most
        self._asked = asked

    async def __call__(self, run: WorkflowRun, members: Sequence[Member]) -> Sequence[Chosen]:
        """As `Choose`."""
        known = CHOOSE.format(members=roster(members), asked=self._asked)
        seat, prompt = run.seat(self._router), f"{TASK}{run.task}\n\n{known}"
        step = await run.ask(seat, prompt, output=Choice, reason="chooses who works on the task")
        named = step.output.members if step.result is not None else ()
        found = {each.id: each for name in named if (each := meant(name, members))}
        chosen = [Chosen(each, "chosen by the router") for each in found.values()]
        return chosen[: self._most] or await everyone("the router chose nobody")(run, members)


class ByMeaning:
    """Those whose expertise is nearest to the task, the nearest first, by embeddings."""

    def __init__(self, embed: Embed, most: int) -> None:
        """As described; so many as `most` are asked."""
        self._embed = embed
        self._most = most

    async def __call__(self, run: WorkflowRun, members: Sequence[Member]) -> Sequence[Chosen]:
        """As `Choose`."""
        texts = [run.task, *(f"{each.name}: {each.expertise}" for each in members)]
        task, *others = await run.call("embed", self._vectors, texts)
        near = [(_cosine(task, vector), each) for vector, each in zip(others, members, strict=True)]
        near.sort(key=lambda pair: -pair[0])  # those that are as near stay in their order
        return [Chosen(each, f"{score:.2f} near the task") for score, each in near[: self._most]]

    async def _vectors(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector for each of `texts`."""
        given = await called(self._embed, texts)
        vectors = [[float(number) for number in vector] for vector in given]
        is_fit = len(vectors) == len(texts) and len(set(map(len, vectors))) == 1
        if not is_fit or not all(map(isfinite, (number for each in vectors for number in each))):
            raise WorkflowError(
                f"embed must give a vector of finite numbers for each of the {len(texts)} texts, "
                "all of the same length."
            )
        return vectors


def _is_in(keyword: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(keyword)}(?!\w)", text, re.IGNORECASE) is not None


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """How near two vectors are; 0 if one of them is nothing."""
    lengths = hypot(*one) * hypot(*other)
    return sum(a * b for a, b in zip(one, other, strict=True)) / lengths if lengths else 0.0
