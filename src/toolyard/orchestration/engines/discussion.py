"""Members who talk with each other, in rounds of turns, each hearing what the others said."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, NamedTuple

from toolyard.orchestration.engines.talk import Floor, Instruct, Talk
from toolyard.orchestration.member import Member
from toolyard.orchestration.refusals import refuse_less
from toolyard.orchestration.workflow_result import WorkflowResult
from toolyard.orchestration.workflow_run import WorkflowRun

MAX_ROUNDS = "max_rounds"
"""It ended so if nothing else ended it."""


class Outcome(NamedTuple):
    """What comes of a discussion."""

    text: str
    output: Any = None
    """The same as a value, if it is more than the text."""
    is_complete: bool = True


Order = Callable[[Talk], AsyncGenerator[Floor, None]]
"""Who has the floor in a round, one after the other; it may also end the discussion."""

Stop = Callable[[Talk], Awaitable[None]]
"""Looks at the discussion at the end of each round, and ends it if it is over."""

Finish = Callable[[Talk], Awaitable[Outcome]]
"""What comes of it."""


async def in_turn(talk: Talk) -> AsyncGenerator[Floor, None]:
    """One after the other, in their order."""
    for member in talk.members:
        yield Floor((member,), "its turn")


async def together(talk: Talk) -> AsyncGenerator[Floor, None]:
    """Everybody at once."""
    yield Floor(talk.members, "all speak together")


async def go_on(talk: Talk) -> None:
    """It goes on until all rounds are over."""
    del talk


async def transcript(talk: Talk) -> Outcome:
    """All that was said, in order, with who said it."""
    names = {each.id: talk.name(each) for each in talk.members}
    said = [f"{names[each.member_id]}:\n{each.text}" for each in talk.turns if each.has_text]
    return Outcome("\n\n".join(said))


async def latest(talk: Talk) -> Outcome:
    """What was said last; that somebody failed, only if nobody said anything."""
    said = [each for each in talk.turns if each.result is not None]
    last = (said or [each for each in talk.turns if each.has_text])[-1]
    return Outcome(last.text, last.output)


SYNTHESIZE = (
    "The discussion is over. Write the answer to the task from all that was said, for somebody "
    "who has not heard it. Give the answer alone."
)


class Closing:
    """Has one who heard it all write what comes of it.

    If that fails, it is the transcript, and the result partial.
    """

    def __init__(self, member: Member, instruction: str, reason: str) -> None:
        """As described.

        Args:
            member: Who writes it; it need not be one of those who spoke.
            instruction: What it is told to do.
            reason: Why it is asked, for those who watch.
        """
        self._floor = Floor((member,), reason)
        self._instruction = instruction

    async def __call__(self, talk: Talk) -> Outcome:
        """As `Finish`."""
        (step,) = await talk.ask(self._floor, self._instruction)
        if step.result is None:
            return (await transcript(talk))._replace(is_complete=False)
        return Outcome(step.text, step.output)


class Discussion:
    """Rounds in which members speak, each after hearing once what the others said since its turn.

    It is over when `order` or `stop` says so, or after `rounds`.
    """

    def __init__(
        self,
        members: Sequence[Member],
        *,
        rounds: int,
        instruct: Instruct,
        order: Order = in_turn,
        stop: Stop = go_on,
        finish: Finish = transcript,
        last: int | None = None,
        must_stop: bool = False,
        others: Sequence[Member] = (),
    ) -> None:
        """As described.

        Args:
            members: Who may speak.
            rounds: At most so many, 1 or more.
            instruct: What each speaker is told to do.
            order: Who speaks when in a round.
            stop: When it is over.
            finish: What comes of it.
            last: At most so many of what the others said is a speaker told, 1 or more.
            must_stop: Whether it is complete only if it was over before the rounds were.
            others: Who is asked by `order`, `stop` or `finish`.

        Raises:
            ConfigError: A number is out of its range.
        """
        refuse_less(1, rounds=rounds, last=last)
        self.members = (*members, *(each for each in others if each not in members))
        self._speakers = members
        self._rounds = rounds
        self._instruct = instruct
        self._order = order
        self._stop = stop
        self._finish = finish
        self._last = last
        self._must_stop = must_stop

    async def work(self, run: WorkflowRun) -> WorkflowResult[Any]:
        """As `Engine.work`."""
        talk = Talk(run, self._speakers, self._last)
        while not talk.ended and len(talk.rounds) < self._rounds:
            await self._round(talk)
        run.require(talk.turns)
        outcome = await self._finish(talk)
        return run.result(
            outcome.text,
            output=outcome.output,
            is_complete=outcome.is_complete and bool(talk.ended or not self._must_stop),
            ended=talk.ended or MAX_ROUNDS,
            score=talk.score,
            **talk.notes,
        )

    async def _round(self, talk: Talk) -> None:
        with talk.run.round():
            talk.rounds.append([])
            async with aclosing(self._order(talk)) as floors:
                async for floor in floors:
                    await talk.speak(floor, self._instruct)
            await self._stop(talk)
