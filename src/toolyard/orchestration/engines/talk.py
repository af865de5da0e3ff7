"""A discussion as it goes on: who said what in it, and who is told what next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from toolyard.orchestration.hub import Hub
from toolyard.orchestration.member import Member
from toolyard.orchestration.seats.seat import Seat
from toolyard.orchestration.workflow_result import Step
from toolyard.orchestration.workflow_run import Ask, WorkflowRun


class Floor(NamedTuple):
    """Who has it: they speak at once, hearing nothing of each other until they have."""

    members: Sequence[Member]
    reason: str
    """Why it is theirs, for those who watch."""


Instruct = str | Callable[["Talk", Member], str]
"""What a speaker is told to do, after what is new to it; or what says so."""


class Talk:
    """What was said in one run, made for it.

    Who speaks, when it ends and what comes of it are decided by what is in here.
    """

    def __init__(self, run: WorkflowRun, members: Sequence[Member], last: int | None) -> None:
        """As described.

        Args:
            run: In which it takes place.
            members: Who may speak.
            last: At most so many of what the others said is a speaker told, the latest.
        """
        self.run = run
        self.members = members
        self.rounds = list[list[Step]]()
        """What was said in each round, those who failed to say anything included."""
        self.ended = ""
        """Why it is over, in a word; empty while it is not."""
        self.score: float | None = None
        """How much the members agree, if that was looked at."""
        self.notes = dict[str, Any]()
        """What else is to be known of it, besides what was said."""
        self._last = last
        self._hub = Hub(run.task)
        self._seats = dict[str, Seat]()
        names = Counter(each.name for each in members)
        self._ambiguous = {name for name, count in names.items() if count > 1}

    @property
    def turns(self) -> Sequence[Step]:
        """All that was said, in order, those who failed to say anything included."""
        return [step for each in self.rounds for step in each]

    @property
    def has_begun(self) -> bool:
        """Whether anything was said."""
        return bool(self._hub.said)

    def name(self, member: Member) -> str:
        """What the others call `member`, by which they can tell it from each other."""
        return f"{member.name} ({member.id})" if member.name in self._ambiguous else member.name

    async def speak(self, floor: Floor, instruct: Instruct) -> None:
        """Have some of the members say something to all others, after hearing what is new."""
        steps = await self._ask(floor, instruct, last=self._last)
        for member, step in zip(floor.members, steps, strict=True):
            if step.has_text:
                self._hub.say(member.id, self.name(member), step.text)
        self.rounds[-1] += steps

    async def ask(self, floor: Floor, instruct: Instruct, *, output: Any = None) -> Sequence[Step]:
        """Ask some, who need not be members, after they have heard what is new.

        Nobody else hears what they answer.
        """
        return await self._ask(floor, instruct, output=output)

    async def _ask(
        self,
        floor: Floor,
        instruct: Instruct,
        *,
        output: Any = None,
        last: int | None = None,
    ) -> Sequence[Step]:
        asks = [
            Ask(self._seat(each), self._told(each, instruct, last), output)
            for each in floor.members
        ]
        steps = await self.run.ask_all(asks, reason=floor.reason)
        for step in steps:
            if step.result is not None:  # one that failed remembers nothing of what it was told
                self._hub.hear(step.member_id)
        return steps

    def _seat(self, member: Member) -> Seat:
        if member.id not in self._seats:
            self._seats[member.id] = self.run.seat(member)
        return self._seats[member.id]

    def _told(self, member: Member, instruct: Instruct, last: int | None) -> str:
        remembers = self._seat(member).remembers
        news = self._hub.news(member.id, remembers=remembers, last=last)
        instruction = instruct if isinstance(instruct, str) else instruct(self, member)
        return "\n\n".join(filter(None, (news, instruction)))
