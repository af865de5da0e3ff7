"""An answer from what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Unpack

from pydantic import BaseModel, Field

from toolyard.core.errors import ConfigError
from toolyard.orchestration.engines.fan_out import FanOut, everyone
from toolyard.orchestration.engines.sequence import Done, Stage, Stages, told
from toolyard.orchestration.hub import TASK
from toolyard.orchestration.member import Joining, Member, member_of
from toolyard.orchestration.refusals import refuse_less
from toolyard.orchestration.texts.found import Chunk, chunks_in, numbered, sources_of
from toolyard.orchestration.workflow import Workflow, WorkflowOptions
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.orchestration.workflow_run import WorkflowRun

NOTHING_FOUND = "No relevant context found."
ANSWER = "Do the task from what was found above, and from nothing else."
CITE = " Give the number of what a statement is from after it, such as [1]."
CHECK = (
    "Check the last answer against what was found, which comes before it. A statement is "
    "supported only if what was found says so."
)

_REACHED = {"answered", "answered_without_context", "verified"}


class Unsupported(BaseModel):
    """What a verifier found."""

    claims: list[str] = Field(
        description="The statements of the answer that are not supported; empty if all are."
    )


@dataclass(frozen=True, slots=True)
class _Grounds:
    """What the stages of a `RAG` hear of what was found, and what comes of it."""

    max_chunks: int
    include_sources: bool
    needs_context: bool

    def query(self, task: str, done: Done) -> str:
        """What the retriever hears."""
        del done
        return task

    def question(self, task: str, done: Done) -> str | None:
        """What the generator hears; nothing if it could only make something up."""
        chunks = self._found(done)
        if not chunks:
            return None if self.needs_context else task
        asked = ANSWER + CITE if self.include_sources else ANSWER
        return "\n\n".join([TASK + task, numbered(chunks), asked])

    def claims(self, task: str, done: Done) -> str | None:
        """What the verifier hears; nothing if there is nothing to check, or to check it by."""
        chunks, answers = self._found(done), done[1]
        if not chunks or not answers or answers[0].result is None:
            return None
        return "\n\n".join([told(f"{task}\n\n{numbered(chunks)}", answers), CHECK])

    async def finish(self, run: WorkflowRun, done: Done) -> WorkflowResult[Any]:
        """The answer, what is said against it, and where it is from."""
        chunks, answers = self._found(done), done[1]
        known: dict[str, Any] = {"chunks": len(chunks), "sources": sources_of(chunks)}
        ended = _ended(done, has_context=bool(chunks))
        is_complete = ended in _REACHED
        if not answers:
            return run.result(NOTHING_FOUND, is_complete=is_complete, ended=ended, **known)
        (answer,) = run.require(answers)
        parts = [answer.text, *map(_note, done[2] if len(done) > 2 else ())]
        if self.include_sources and known["sources"]:
            parts.append(f"Sources: {', '.join(sources_of(chunks))}")
        return run.result(
            "\n\n".join(parts), output=answer.output, is_complete=is_complete, ended=ended, **known
        )

    def _found(self, done: Done) -> Sequence[Chunk]:
        (step,) = done[0]
        return () if step.result is None else chunks_in(step.output)[: self.max_chunks]


class RAG(Workflow):
    """The generator does the task from what the retriever finds for it.

    The result's output is the answer; its text the answer, with what the verifier says and the
    sources after it. The metadata says how many `chunks` were used, and their `sources`.

    It ended `answered`, or, if nothing was found, `answered_without_context`; if facts were to be
    checked, `verified`. A partial result ended `unsupported`, `unverified` (the verifier failed),
    `no_context`, `no_answer` (the generator failed, which is shown) or `retrieval_failed`, which
    goes on as if nothing was found.

    Args:
        retriever: Gets the task, and gives what it finds, the best first: texts, or mappings with
            `content` and `source`; often a function, async or not. It may be a member of any
            kind; what an agent says is one text.
        generator: Who answers.
        max_chunks: So many of what was found are used, the first ones; 1 or more.
        include_sources: Whether the generator is told to give numbers of what it uses, and the
            text ends with the sources, each once, in the order in which they were found.
        verify_facts: Whether the verifier says which statements are not supported by what was
            found. Where nothing was found, it is not asked.
        verifier: Who does; there must be one if facts are to be verified, and only then.
        fallback_on_no_context: Whether the generator answers without context if nothing was
            found; else it is not asked, and the text says that nothing was found.
        options: As of every workflow.
    """

    def __init__(
        self,
        retriever: Joining | Member,
        generator: Joining | Member,
        *,
        max_chunks: int = 5,
        include_sources: bool = True,
        verify_facts: bool = False,
        verifier: Joining | Member | None = None,
        fallback_on_no_context: bool = True,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_less(1, max_chunks=max_chunks)
        if verifier is not None and not verify_facts:
            raise ConfigError("verifier is of no use while verify_facts is off.")
        grounds = _Grounds(max_chunks, include_sources, not fallback_on_no_context)
        stages = [
            Stage(_alone("retriever", retriever), grounds.query),
            Stage(_alone("generator", generator), grounds.question),
        ]
        if verify_facts:
            if verifier is None:
                raise ConfigError("verify_facts needs a verifier.")
            stages.append(Stage(_alone("verifier", verifier), grounds.claims, Unsupported))
        super().__init__(Stages(stages, finish=grounds.finish), options)


def _alone(role: str, joining: Joining | Member) -> FanOut:
    member = joining if isinstance(joining, Member) else member_of(joining, role)
    return FanOut([member], choose=everyone(role))


def _ended(done: Done, *, has_context: bool) -> str:
    """Why it ended."""
    (found,), answers, *checked = done
    if found.result is None:
        return "retrieval_failed"
    if not answers:
        return "no_context"
    if answers[0].result is None:
        return "no_answer"
    if not has_context:
        return "answered_without_context"
    if not checked:
        return "answered"
    (check,) = checked[0]
    if check.result is None:
        return "unverified"
    return "unsupported" if check.output.claims else "verified"


def _note(check: Step) -> str:
    """What the verifier says of the answer."""
    if check.result is None:
        return "[Verification: it failed.]"
    claims: list[str] = check.output.claims
    if claims:
        return f"[Verification: not supported by what was found: {'; '.join(claims)}]"
    return "[Verification: all is supported by what was found.]"
