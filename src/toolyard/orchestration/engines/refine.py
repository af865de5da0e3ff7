"""A draft that is judged and written anew, until it will do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import ConvergenceChecked, Scored
from toolyard.orchestration.deciding.scoring import Scorer, score_by
from toolyard.orchestration.deciding.similarity import similarity
from toolyard.orchestration.hub import Hub
from toolyard.orchestration.member import Member
from toolyard.orchestration.refusals import refuse_less
from toolyard.orchestration.seats.seat import Seat
from toolyard.orchestration.workflow_result import Step, WorkflowResult
from toolyard.orchestration.workflow_run import Ask, WorkflowRun

PRODUCER = "producer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the producer wrote."""

    number: int
    """From 1."""
    name: str
    """Who wrote it, for those who read it."""
    text: str
    before: str = ""
    """The draft before it; empty for the first."""
    score: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What else is known of it, for the result."""


class Assessor(NamedTuple):
    """One who judges drafts, knowing nothing of what other assessors say."""

    member: Member
    asks: Callable[[Draft], str]
    """What it is told of a draft, and asked, after the task."""
    output: Any = None
    """Of which type its answer must be; any text if not given."""


class Remark(NamedTuple):
    """What the producer is told of a draft."""

    name: str
    """Who says it."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What came of judging a draft."""

    remarks: Sequence[Remark]
    is_accepted: bool = False
    """Whether it will do, so that no other is written."""
    score: float | None = None
    """From 0 to 1."""
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What else is to be known of the draft."""
    error: str = ""
    """Why there is no score, where there should be one."""


Instruct = Callable[[Sequence[Draft]], str]
"""What the producer is asked, given the drafts so far, after what is said of the last one."""

Weigh = Callable[[WorkflowRun, Draft, Sequence[Step]], Awaitable[Assessment]]
"""What comes of what the assessors say; there is a step for each of them, in their order, and an
answer in at least one."""

IsSettled = Callable[[WorkflowRun, Draft, Draft], bool]
"""Whether a draft is so like the one before it, or so little better, that it is the last."""


def revising(question: str) -> Instruct:
    """The first draft is written by the task alone; for each other, `question` is asked."""

    def instruct(drafts: Sequence[Draft]) -> str:
        return question if drafts else ""

    return instruct


async def said(run: WorkflowRun, draft: Draft, steps: Sequence[Step]) -> Assessment:
    """All that the assessors say, as it is."""
    del run, draft
    return Assessment(
        remarks=[Remark(each.member_name, each.text) for each in steps if each.has_text]
    )


def never(run: WorkflowRun, before: Draft, draft: Draft) -> bool:
    """There is always another draft."""
    del run, before, draft
    return False


def alike(threshold: float) -> IsSettled:
    """A draft is the last that is as similar to the one before it as `threshold`, or more."""

    def is_settled(run: WorkflowRun, before: Draft, draft: Draft) -> bool:
        score = similarity(before.text, draft.text)
        run.tell(
            ConvergenceChecked,
            round=run.rounds,
            score=score,
            threshold=threshold,
            converged=score >= threshold,
        )
        return score >= threshold

    return is_settled


class Refine:
    """The producer writes a draft, assessors judge it at once, and it is accepted or revised.

    Each draft is a round. The last one is judged only if that can change the result. A round in
    which the producer fails brings no draft. If no assessor answers, the draft stands, and is
    judged again in the next round.

    The result is the draft that was accepted, or else the one with the best score, the later of
    equals; the last one if there are no scores. It `ended` by `accepted`, `converged` or
    `max_rounds`.
    """

    def __init__(
        self,
        producer: Member,
        *,
        rounds: int,
        instruct: Instruct,
        assessors: Sequence[Assessor] = (),
        weigh: Weigh = said,
        must_be_accepted: bool = False,
        scorer: Scorer | None = None,
        is_settled: IsSettled = never,
    ) -> None:
        """As described.

        Args:
            producer: Who writes.
            rounds: So many drafts at most, 1 or more.
            instruct: What it is asked for each.
            assessors: Who judges them.
            weigh: What comes of what they say.
            must_be_accepted: Whether a run without an accepted draft is only partial. The last
                draft is judged, too, then.
            scorer: Gives each draft a score.
            is_settled: Whether a draft is the last.

        Raises:
            ConfigError: There is to be no round.
        """
        refuse_less(1, rounds=rounds)
        self.producer = producer
        self.rounds = rounds
        self.instruct = instruct
        self.assessors = assessors
        self.weigh = weigh
        self.must_be_accepted = must_be_accepted
        self.scorer = scorer
        self.is_settled = is_settled

    @property
    def members(self) -> Sequence[Member]:
        """As `Engine.members`."""
        return (self.producer, *(each.member for each in self.assessors))

    async def work(self, run: WorkflowRun) -> WorkflowResult[Any]:
        """As `Engine.work`."""
        return await _Refining(self, run).result()


class _Listener(NamedTuple):
    """One who is told the task, and what is said to it, once."""

    seat: Seat
    hub: Hub
    key: str
    """By which it is told from others who listen, among whom it may be in another role."""

    def told(self, question: str) -> str:
        news = self.hub.news(self.key, remembers=self.seat.remembers)
        return "\n\n".join(filter(None, (news, question)))

    def hear(self, step: Step) -> None:
        if step.result is not None:  # one that failed remembers nothing of what it was told
            self.hub.hear(self.key)


class _Refining:
    """One run of it."""

    def __init__(self, plan: Refine, run: WorkflowRun) -> None:
        self._plan = plan
        self._run = run
        self._producer = _Listener(run.seat(plan.producer), Hub(run.task), PRODUCER)
        hub = Hub(run.task)
        self._assessors = [
            _Listener(run.seat(each.member), hub, f"assessor {at}")
            for at, each in enumerate(plan.assessors)
        ]
        self._drafts = list[Draft]()
        self._errors = list[str]()
        self._is_due = True
        """Whether the next thing to do is to write a draft; else the last one is to be judged."""
        self._ended = ""
        self._failure = ""

    async def result(self) -> WorkflowResult[Any]:
        """How it ends."""
        while not self._ended:
            with self._run.round() as number:
                await self._round(is_last=number == self._plan.rounds)
        if not self._drafts:
            raise WorkflowError(f"{self._plan.producer.name} wrote no draft: {self._failure}")
        is_accepted = self._ended == "accepted"
        draft = self._drafts[-1] if is_accepted else self._best
        known = {**draft.details, **({"errors": self._errors} if self._errors else {})}
        return self._run.result(
            draft.text,
            is_complete=is_accepted or not self._plan.must_be_accepted,
            ended=self._ended,
            score=draft.score,
            **known,
        )

    async def _round(self, *, is_last: bool) -> None:
        is_settled = self._is_due and await self._write()
        is_last = is_last or is_settled
        is_judged = self._plan.assessors and self._drafts and not self._is_due
        if is_judged and (self._plan.must_be_accepted or not is_last):
            await self._judge()
        if is_last and not self._ended:
            self._ended = "converged" if is_settled else "max_rounds"

    async def _write(self) -> bool:
        """Have a draft written, if the producer can; whether it is to be the last."""
        plan, run = self._plan, self._run
        question = self._producer.told(plan.instruct(self._drafts))
        number = len(self._drafts) + 1
        step = await run.ask(
            self._producer.seat, question, reason="writes a draft", step_id=f"draft {number}"
        )
        self._producer.hear(step)
        if step.result is None:
            self._failure = step.error or ""
            return False
        name = plan.producer.name
        self._producer.hub.say(PRODUCER, name, step.text)
        before = self._drafts[-1].text if self._drafts else ""
        draft = Draft(number=number, name=name, text=step.text, before=before)
        if plan.scorer is not None:
            score, error = await score_by(run, "scorer", plan.scorer, draft.text)
            draft = self._with_score(draft, score, error)
        self._drafts.append(draft)
        self._is_due = not plan.assessors
        run.so_far = self._best.text
        return number > 1 and plan.is_settled(run, self._drafts[-2], draft)

    async def _judge(self) -> None:
        """Have the last draft judged; if nobody does, it is still to be judged."""
        plan, run, draft = self._plan, self._run, self._drafts[-1]
        asks = [
            Ask(
                listener.seat,
                listener.told(assessor.asks(draft)),
                assessor.output,
                f"{assessor.member.id} on draft {draft.number}",
            )
            for assessor, listener in zip(plan.assessors, self._assessors, strict=True)
        ]
        steps = await run.ask_all(asks, reason=f"judges draft {draft.number}")
        for listener, step in zip(self._assessors, steps, strict=True):
            listener.hear(step)
        if all(step.result is None for step in steps):
            return
        found = await plan.weigh(run, draft, steps)
        draft = self._with_score(draft, found.score, found.error)
        self._drafts[-1] = replace(draft, details=found.details)
        run.so_far = self._best.text
        for at, remark in enumerate(found.remarks):
            self._producer.hub.say(f"remark {at}", remark.name, remark.text)
        self._is_due = True
        if found.is_accepted:
            self._ended = "accepted"

    def _with_score(self, draft: Draft, score: float | None, error: str) -> Draft:
        if error:
            self._errors.append(error)
        if score is None:
            return draft
        subject = f"draft {draft.number}"
        self._run.tell(Scored, subject=subject, score=score, round=self._run.rounds)
        return replace(draft, score=score)

    @property
    def _best(self) -> Draft:
        """The draft with the best score, the last of equals."""
        return max(
            reversed(self._drafts), key=lambda each: -1 if each.score is None else each.score
        )
