"""A moderator says who speaks next."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from typing import Literal, Unpack

from pydantic import BaseModel, Field, JsonValue, create_model

from toolyard.orchestration.engines.discussion import SYNTHESIZE, Closing, Discussion, transcript
from toolyard.orchestration.engines.talk import Floor, Talk
from toolyard.orchestration.member import Joining, Member, Members, member_of, members_of
from toolyard.orchestration.refusals import refuse_other
from toolyard.orchestration.texts.roster import meant, names, roster
from toolyard.orchestration.workflow import Workflow, WorkflowOptions

Ending = Literal["transcript", "synthesize"]

SPEAK = "The moderator gives you the floor. Say what you have to say to the task now."
PICK = (
    "You moderate this discussion and do not do the task yourself. The members are:\n"
    "{members}\n"
    "Say who speaks next: the one who can do most for the task now. End the discussion only if "
    "the task is done, or if nobody could add anything."
)
AGAIN = "{named!r} is not the id of a member. Name one of these: {ids}."
SPEAKER = "The id of who speaks next."
TRIES = 2
"""So often the moderator is asked for a speaker before another way is taken."""
MODERATOR = "moderator"
"""It ended so if the moderator said that it was over."""


class Pick(BaseModel):
    """What the moderator decides."""

    reason: str = Field(default="", description="Why, in a few words.")
    speaker: str = Field(default="", description=SPEAKER)
    is_over: bool = Field(default=False, description="True to end the discussion.")


class Moderator:
    """Has one who hears everything say who speaks in each round."""

    def __init__(self, member: Member, members: Sequence[Member]) -> None:
        """As described.

        Args:
            member: Who does.
            members: Who may be chosen.
        """
        self._floor = Floor((member,), "chooses who speaks")
        self._name = member.name
        self._question = PICK.format(members=roster(members))
        ids: list[JsonValue] = [each.id for each in members]
        speaker = Field(default="", description=SPEAKER, json_schema_extra={"enum": ids})
        self._pick = create_model("Pick", __base__=Pick, speaker=(str, speaker))

    async def order(self, talk: Talk) -> AsyncGenerator[Floor, None]:
        """As `Order`: the one who was chosen, or nobody if it is over."""
        question = self._question
        for _ in range(TRIES):
            (step,) = await talk.ask(self._floor, question, output=self._pick)
            pick = step.output if isinstance(step.output, Pick) else None
            if pick is None:
                continue
            if pick.is_over and talk.has_begun:
                talk.ended = MODERATOR
                return
            chosen = meant(pick.speaker, talk.members)
            if chosen is not None:
                yield Floor((chosen,), f"chosen by {self._name}: {pick.reason}".rstrip(": "))
                return
            again = AGAIN.format(named=pick.speaker[:100], ids=names(talk.members))
            question = f"{self._question}\n\n{again}"
        yield Floor((_fewest_turns(talk),), f"{self._name} named nobody; had the fewest turns")


def _fewest_turns(talk: Talk) -> Member:
    counts = Counter(each.member_id for each in talk.turns)
    return min(talk.members, key=lambda member: counts[member.id])  # the first, if several


class Moderated(Workflow):
    """A moderator says who speaks next, each hearing what was said since its last turn.

    A moderator who names nobody who is a member, or fails, is asked once more; then the floor is
    given to whoever has had the fewest turns, to the first of them in their order. It ended as
    the `moderator` said, or by `max_rounds`.

    Args:
        members: Who may be chosen, by what their expertise says.
        moderator: Who chooses, and may end the discussion once somebody has spoken.
        rounds: At most so many turns, 1 or more. The round in which the moderator ends the
            discussion counts.
        finish: What the result is: the `transcript`, or what the moderator makes of all that was
            said (`synthesize`); if that fails it is the transcript, and partial.
        last: At most so many of what the others said is a speaker told, the latest, and how many
            are left out, 1 or more; all of them if not given. The moderator hears all.
        options: As of every workflow.
    """

    def __init__(
        self,
        members: Members,
        *,
        moderator: Joining | Member,
        rounds: int = 10,
        finish: Ending = "transcript",
        last: int | None = None,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_other(Ending, finish=finish)
        speakers, leader = members_of(members), member_of(moderator)
        closing = Closing(leader, SYNTHESIZE, "writes the result")
        engine = Discussion(
            speakers,
            rounds=rounds,
            instruct=SPEAK,
            order=Moderator(leader, speakers).order,
            finish=closing if finish == "synthesize" else transcript,
            last=last,
            others=(leader,),
        )
        super().__init__(engine, options)
