"""Several ways to an answer are tried, and the promising ones followed."""

from __future__ import annotations

from typing import Literal, Unpack

from toolyard.orchestration.deciding.judging import by_scores, by_votes
from toolyard.orchestration.engines.tree_search import Reach, TreeSearch
from toolyard.orchestration.member import Joining, Member, member_of
from toolyard.orchestration.refusals import refuse_less, refuse_other
from toolyard.orchestration.workflow import Workflow, WorkflowOptions

Evaluation = Literal["score", "vote", "best_first"]


class TreeOfThoughts(Workflow):
    """The thinker thinks of several next steps each time; the evaluator says which are good.

    It ends as `TreeSearch` does. The score is that of the thought that the answer follows from;
    the result's metadata has it under `path`, with the thoughts that led to it.

    Args:
        thinker: Who has thoughts, and writes the answer.
        evaluator: Who judges thoughts; the thinker if not given, in conversations of their own.
        branching_factor: So many thoughts may follow on each, 1 or more.
        beam_width: So many thoughts, over all branches, are followed in a round, 1 or more.
        max_depth: So many thoughts lead to the answer, 1 or more.
        evaluation: How thoughts are chosen. By `score` each is judged by itself and the best of
            a level are followed. By `vote` all of a level are compared, the best ones named, and
            those are followed. With `best_first` each is judged by itself, and the best one on
            any level is followed next, until it is deep enough or `beam_width` times `max_depth`
            thoughts have been followed.
        prune_threshold: A thought with a lower score is dropped, from 0 to 1. Of those that are
            named in a vote, the first gets 1, and each that follows 1/`beam_width` less.
        evaluations: How often each thought is judged, or a vote is taken, 1 or more; the mean
            counts.
        final_answer: Whether the thinker writes an answer by the best thoughts; otherwise the
            result is the thoughts.
        options: As of every workflow.

    Raises:
        ConfigError: An option is out of its range.
    """

    def __init__(
        self,
        thinker: Joining | Member,
        evaluator: Joining | Member | None = None,
        *,
        branching_factor: int = 3,
        beam_width: int = 3,
        max_depth: int = 3,
        evaluation: Evaluation = "score",
        prune_threshold: float = 0.3,
        evaluations: int = 1,
        final_answer: bool = True,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_less(1, evaluations=evaluations)
        refuse_other(Evaluation, evaluation=evaluation)
        reach = Reach(
            branching_factor=branching_factor,
            beam_width=beam_width,
            max_depth=max_depth,
            prune_threshold=prune_threshold,
        )
        thinks = member_of(thinker)
        judges = thinks if evaluator is None else member_of(evaluator)
        if evaluation == "vote":
            judge = by_votes(judges, evaluations, beam_width)
        else:
            judge = by_scores(judges, thinks.name, evaluations)
        engine = TreeSearch(
            thinks,
            judge=judge,
            judges=[judges],
            reach=reach,
            is_best_first=evaluation == "best_first",
            writes_answer=final_answer,
        )
        super().__init__(engine, options)
