"""A long text, piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Unpack

from toolyard.core.errors import ConfigError
from toolyard.orchestration.deciding.combining import Synthesis, concatenated
from toolyard.orchestration.engines.fan_out import Combine, FanOut, everyone, whole
from toolyard.orchestration.member import Joining, Member, member_of
from toolyard.orchestration.refusals import refuse_less, refuse_other
from toolyard.orchestration.texts.chunks import Chunks
from toolyard.orchestration.workflow import Workflow, WorkflowOptions
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.orchestration.workflow_run import WorkflowRun

Reduce = Literal["summarize", "concatenate", "tree"]

REDUCE = (
    "These are the results for pieces of one text, in the order of the pieces. Make one result "
    "of them, of the same kind, that is about the whole text."
)


class MapReduce(Workflow):
    """The task is a text: the mapper works on its pieces at once, and the results become one.

    The mapper hears nothing but the piece: what is to be done with it, the mapper knows itself.
    If there is one result only, it is the workflow's, and nothing is reduced. Pieces that the
    mapper fails at are left out; the result is a partial one then, ended by `pieces_missing`. If
    the reducer fails, what it was to reduce is put one after the other, and it ended
    `not_combined`. Each piece's step has the `task_id` `piece 1` and so on.

    Args:
        mapper: Who works on each piece, from the start each time.
        reducer: Who makes one result of several, if somebody is asked to; the mapper if not given.
        chunk_size: Letters of a piece at most, 1 or more. It ends after a paragraph, a line, a
            sentence or a word where it can. The text stays whole if not given.
        chunk_overlap: So many of the last letters of a piece begin the next one too; 0 or more,
            fewer than `chunk_size`.
        max_parallel_chunks: So many pieces may be worked on at the same time, 1 or more;
            `at_once` if not given.
        reduce: `summarize`: the reducer gets all results at once. `tree`: it gets as many as have
            `chunk_size` letters together, but two or more, and what it makes of them is reduced
            in turn, until one is left. `concatenate`: they are put one after the other, without
            asking anybody; the output is a list.
        options: As of every workflow.
    """

    def __init__(
        self,
        mapper: Joining | Member,
        *,
        reducer: Joining | Member | None = None,
        chunk_size: int | None = None,
        chunk_overlap: int = 0,
        max_parallel_chunks: int | None = None,
        reduce: Reduce = "summarize",
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_other(Reduce, reduce=reduce)
        refuse_less(1, max_parallel_chunks=max_parallel_chunks)
        if chunk_size is None and chunk_overlap:
            raise ConfigError("chunk_overlap needs a chunk_size.")
        if reducer is not None and reduce == "concatenate":
            raise ConfigError("reducer is of no use while reduce is 'concatenate'.")
        maps = member_of(mapper)
        reduces = maps if reducer is None else member_of(reducer)
        fits = chunk_size if reduce == "tree" else None
        combine: Combine = Synthesis(reduces, REDUCE, with_task=False, fits=fits)
        engine = FanOut(
            [maps],
            at_once=max_parallel_chunks,
            choose=everyone("works on a piece"),
            split=whole if chunk_size is None else Chunks(chunk_size, chunk_overlap),
            combine=_of_all_pieces(concatenated if reduce == "concatenate" else combine),
            others=() if reduce == "concatenate" else [reduces],
        )
        super().__init__(engine, options)


def _of_all_pieces(combine: Combine) -> Combine:
    """The same, of a result that is partial if there is none for one of the pieces."""

    async def combined(run: WorkflowRun, steps: Sequence[Step]) -> WorkflowResult[Any]:
        is_missing = any(each.result is None for each in run.steps)
        result = await combine(run, steps)
        return result.partial("pieces_missing") if is_missing else result

    return combined
