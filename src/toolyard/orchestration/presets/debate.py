"""Members hold against each other what they think, until they have come to think the same."""

from __future__ import annotations

from typing import Literal, Unpack

from toolyard.core.errors import ConfigError
from toolyard.events.orchestration_events import ConvergenceChecked
from toolyard.orchestration.deciding.similarity import similarity
from toolyard.orchestration.engines.discussion import (
    Closing,
    Discussion,
    go_on,
    in_turn,
    together,
    transcript,
)
from toolyard.orchestration.engines.talk import Talk
from toolyard.orchestration.member import Joining, Member, Members, member_of, members_of
from toolyard.orchestration.refusals import refuse_less, refuse_no_share, refuse_other
from toolyard.orchestration.workflow import Workflow, WorkflowOptions

Speaking = Literal["together", "in_turn"]

OPEN = "This is a debate. Say what you hold, and give your reasons."
ANSWER = (
    "Answer the others: say where they are right and where they are wrong, and why. Then say in "
    "full what you hold now. Change your mind only for a good reason."
)
JUDGE = (
    "The debate is over, and you are its judge. Weigh the reasons that were given, decide, and "
    "say why."
)
CONVERGED = "converged"
"""It ended so if the members had come to say the same as in the round before."""


class Convergence:
    """Ends a discussion when what members say has hardly changed since the round before."""

    def __init__(self, threshold: float) -> None:
        """As described.

        Args:
            threshold: How alike what a member says is to be to what it said the round before, on
                the average of those who spoke in both, from 0 to 1.
        """
        self._threshold = threshold

    async def stop(self, talk: Talk) -> None:
        """As `Stop`."""
        if len(talk.rounds) < 2:
            return
        before, now = (
            {each.member_id: each.text for each in steps if each.result is not None}
            for steps in talk.rounds[-2:]
        )
        alike = [similarity(before[each], now[each]) for each in now if each in before]
        if not alike:
            return
        talk.score = sum(alike) / len(alike)
        is_over = talk.score >= self._threshold
        talk.run.tell(
            ConvergenceChecked,
            round=talk.run.rounds,
            score=talk.score,
            threshold=self._threshold,
            converged=is_over,
        )
        if is_over:
            talk.ended = CONVERGED


class Debate(Workflow):
    """Members say what they hold and answer each other, until they stay with what they said.

    They `converged` when the words that each uses are the same as in the round before to the
    `convergence_threshold`, on the average of those who spoke in both; else it ended by
    `max_rounds`. The result is what the judge says, or the transcript without one or if the judge
    fails, and is then partial; its score is how alike the last two rounds were.

    Args:
        members: Who debates, two or more.
        max_rounds: At most so many, 1 or more.
        convergence_threshold: From 0 to 1; looked at from the second round on. `None` goes on for
            `max_rounds`.
        require_consensus: Whether the result is partial if they did not converge.
        judge: Who hears all of it and decides.
        speaking: `together`, each hearing everybody of the round before, or `in_turn`, each
            hearing also who spoke before it in the same round.
        last: At most so many of what the others said is a speaker told, the latest, and how many
            are left out, 1 or more; all of them if not given. A judge who is no member hears all.
        options: As of every workflow.
    """

    def __init__(
        self,
        members: Members,
        *,
        max_rounds: int = 3,
        convergence_threshold: float | None = 0.75,
        require_consensus: bool = False,
        judge: Joining | Member | None = None,
        speaking: Speaking = "together",
        last: int | None = None,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_other(Speaking, speaking=speaking)
        refuse_less(1, max_rounds=max_rounds)
        refuse_no_share(convergence_threshold=convergence_threshold)
        if require_consensus and (convergence_threshold is None or max_rounds < 2):
            raise ConfigError(
                "require_consensus needs a convergence_threshold, and max_rounds of 2 or more."
            )
        debaters = members_of(members)
        refuse_less(2, members=len(debaters))
        decides = None if judge is None else member_of(judge)
        looks = None if convergence_threshold is None else Convergence(convergence_threshold)
        engine = Discussion(
            debaters,
            rounds=max_rounds,
            instruct=lambda talk, _: ANSWER if len(talk.rounds) > 1 else OPEN,
            order=in_turn if speaking == "in_turn" else together,
            stop=go_on if looks is None else looks.stop,
            finish=transcript if decides is None else Closing(decides, JUDGE, "judges the debate"),
            last=last,
            must_stop=require_consensus,
            others=() if decides is None else (decides,),
        )
        super().__init__(engine, options)
