"""Votes of the members of a discussion on what they said in a round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from pydantic import BaseModel, Field, create_model

from toolyard.events.orchestration_events import Scored
from toolyard.orchestration.engines.discussion import Outcome, transcript
from toolyard.orchestration.engines.talk import Floor, Talk
from toolyard.orchestration.member import Member
from toolyard.orchestration.workflow_result import Step

VOTE = (
    "Now vote. The proposals of this round are those of:\n"
    "{proposals}\n"
    "Vote for the one that does the task best, by its number. It need not be your own."
)
ABSTAIN = "Vote 0 if you want none of them."
NUMBER = "The number of the proposal."
AGREED = "agreed"
"""It ended so if enough of the members voted for the same proposal."""


class Vote(BaseModel):
    """What a member votes for."""

    proposal: int = Field(description=NUMBER)


class Voting:
    """Has all members vote on the proposals of the round, and ends it when enough agree.

    Votes of members that fail to vote, and abstentions, do not count. A tie is no agreement.
    """

    def __init__(self, needed: float, weights: Mapping[str, float], *, may_abstain: bool) -> None:
        """As described.

        Args:
            needed: Which share of the votes is enough, from 0 to 1.
            weights: How much votes count, by the ids of the members; 1 for all others.
            may_abstain: Whether a member may vote for nothing.
        """
        self._needed = needed
        # As they are written: 0.1 and 0.2 together are a tie with 0.3.
        self._weights = {voter: Fraction(str(weight)) for voter, weight in weights.items()}
        self._may_abstain = may_abstain

    async def stop(self, talk: Talk) -> None:
        """As `Stop`."""
        proposals = [each for each in talk.rounds[-1] if each.result is not None]
        if not proposals:
            return
        votes = await self._votes(talk, proposals)
        talk.notes.setdefault("votes", []).append(votes)
        shares = self._shares(votes, proposals)
        talk.notes["shares"] = {
            each.member_id: share for each, share in zip(proposals, shares, strict=True)
        }
        for each, share in zip(proposals, shares, strict=True):
            subject = f"the proposal of {each.member_name}"
            talk.run.tell(Scored, subject=subject, score=share, round=talk.run.rounds)
        best = max(shares)
        if best == 0:  # nobody voted
            return
        winner = proposals[shares.index(best)]
        talk.score = best
        talk.notes.update(winner=winner.member_id, proposal=winner.id)
        if best >= self._needed and shares.count(best) == 1:
            talk.ended = AGREED

    async def winner(self, talk: Talk) -> Outcome:
        """What got most votes when it was last voted, the first of several; all if nobody did."""
        for each in talk.turns:
            if each.id == talk.notes.get("proposal"):
                return Outcome(each.text, each.output)
        return (await transcript(talk))._replace(is_complete=False)

    async def _votes(self, talk: Talk, proposals: Sequence[Step]) -> Mapping[str, str | None]:
        """For whose proposal each voted, or `None` if it abstained; by the ids of those who did."""
        least = 0 if self._may_abstain else 1
        number = Field(ge=least, le=len(proposals), description=NUMBER)
        output = create_model("Vote", __base__=Vote, proposal=(int, number))
        by_id = {each.id: talk.name(each) for each in talk.members}

        def instruct(talk: Talk, member: Member) -> str:
            del talk
            lines = [
                f"{at}: {by_id[each.member_id]}{' (you)' if each.member_id == member.id else ''}"
                for at, each in enumerate(proposals, 1)
            ]
            asked = VOTE.format(proposals="\n".join(lines))
            return f"{asked} {ABSTAIN}" if self._may_abstain else asked

        steps = await talk.ask(Floor(talk.members, "votes"), instruct, output=output)
        ids: list[str | None] = [None, *(each.member_id for each in proposals)]
        return {
            each.member_id: ids[each.output.proposal]
            for each in steps
            if isinstance(each.output, Vote)
        }

    def _shares(
        self, votes: Mapping[str, str | None], proposals: Sequence[Step]
    ) -> Sequence[float]:
        """Of the votes, for each of the proposals; 0 for all if nobody voted."""
        weights = dict.fromkeys((each.member_id for each in proposals), Fraction(0))
        for voter, chosen in votes.items():
            if chosen is not None:
                weights[chosen] += self._weights.get(voter, Fraction(1))
        cast = sum(weights.values())
        return [float(weight / cast) if cast else 0.0 for weight in weights.values()]
