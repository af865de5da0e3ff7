"""Everybody proposes and all vote, until enough want the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Literal, Unpack

from toolyard.core.errors import ConfigError
from toolyard.orchestration.deciding.voting import Voting
from toolyard.orchestration.engines.discussion import Discussion, together
from toolyard.orchestration.engines.talk import Talk
from toolyard.orchestration.member import Member, Members, members_of
from toolyard.orchestration.refusals import refuse_less, refuse_no_share, refuse_other
from toolyard.orchestration.texts.roster import names
from toolyard.orchestration.workflow import Workflow, WorkflowOptions

Strategy = Literal["majority", "unanimous", "weighted"]

PROPOSE = "Propose an answer to the task, complete in itself. All of you will then vote."

AGAIN = (
    "Not enough of you agreed. Of the votes, the proposals got:\n"
    "{votes}\n"
    "Make a proposal that more of you can vote for: yours or another's made better, or a new one, "
    "complete in itself. All of you will vote again."
)


def propose(talk: Talk, member: Member) -> str:
    """What members are told before they propose something."""
    del member
    shares = talk.notes.get("shares")
    if not shares:
        return PROPOSE
    proposers = [each for each in talk.members if each.id in shares]
    lines = [f"{talk.name(each)}: {shares[each.id]:.0%}" for each in proposers]
    return AGAIN.format(votes="\n".join(lines))


class Consensus(Workflow):
    """All members propose an answer at once, then all vote on the proposals, round after round.

    The result is the proposal that won. They `agreed` if it got enough of the votes and more than
    any other; else it ended by `max_rounds`, is partial, and the result is what got most votes
    when it was last voted, the first of several in the order of the members, or the transcript
    if nobody voted at all. Members that fail to vote do not count. The score is the share of the
    votes that it got. The metadata says for whose proposal each member voted in each round
    (`votes`, `None` for an abstention), which share each got in the last (`shares`), whose won
    (`winner`), and in which step it was made (`proposal`).

    Args:
        members: Who proposes and votes, two or more.
        min_agreement_ratio: Which share of the votes is enough, more than 0, up to 1.
        max_rounds: At most so many, 1 or more.
        voting: `majority` counts each vote the same, `weighted` by `weights`; `unanimous` needs
            all of them, whatever the ratio.
        weights: How much the votes of members count, by their ids, more than 0; the others' is 1.
        allow_abstention: Whether members may vote for none; such votes are not counted.
        options: As of every workflow.
    """

    def __init__(
        self,
        members: Members,
        *,
        min_agreement_ratio: float = 0.7,
        max_rounds: int = 5,
        voting: Strategy = "majority",
        weights: Mapping[str, float] | None = None,
        allow_abstention: bool = False,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        voters = members_of(members)
        refuse_less(2, members=len(voters))
        refuse_less(1, max_rounds=max_rounds)
        refuse_no_share(min_agreement_ratio=min_agreement_ratio)
        if min_agreement_ratio == 0:
            raise ConfigError("min_agreement_ratio must be more than 0.")
        votes = Voting(
            1.0 if voting == "unanimous" else min_agreement_ratio,
            _checked(voting, weights, voters),
            may_abstain=allow_abstention,
        )
        engine = Discussion(
            voters,
            rounds=max_rounds,
            instruct=propose,
            order=together,
            stop=votes.stop,
            finish=votes.winner,
            must_stop=True,
        )
        super().__init__(engine, options)


def _checked(
    voting: Strategy, weights: Mapping[str, float] | None, voters: Sequence[Member]
) -> Mapping[str, float]:
    """The weights; `ConfigError` if they do not go with the voters or the way of voting."""
    refuse_other(Strategy, voting=voting)
    if (weights is not None) != (voting == "weighted"):
        raise ConfigError("weights must be given if voting is weighted, and only then.")
    ids = {each.id for each in voters}
    for member_id, weight in (weights or {}).items():
        if member_id not in ids:
            raise ConfigError(f"weights has {member_id!r}, which is none of {names(voters)}.")
        if not (weight > 0 and isfinite(weight)):
            raise ConfigError(f"weights[{member_id!r}] must be more than 0, not {weight}.")
    return dict(weights or {})
