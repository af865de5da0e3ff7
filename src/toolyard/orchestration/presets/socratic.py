"""One asks and the other answers, until they have come nearer to the truth."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Literal, NamedTuple, Unpack

from toolyard.core.errors import ConfigError
from toolyard.orchestration.engines.discussion import Closing, Discussion, Outcome, transcript
from toolyard.orchestration.engines.talk import Floor, Talk
from toolyard.orchestration.member import Joining, Member, member_of
from toolyard.orchestration.refusals import refuse_less, refuse_other
from toolyard.orchestration.workflow import Workflow, WorkflowOptions

Mode = Literal["peer", "teacher_student"]


class Parts(NamedTuple):
    """What each of the two is told to do."""

    ask: str
    answer: str


MODES: dict[Mode, Parts] = {
    "peer": Parts(
        "You two look for the answer together, neither knowing it. Ask the other one question: "
        "about what is unclear, taken for granted, or not yet thought through.",
        "Answer the question as well as you can. Say also what you are not sure of.",
    ),
    "teacher_student": Parts(
        "You are the teacher. Ask your student one question that leads to the next insight. Do "
        "not give the answer away.",
        "You are the student. Answer the teacher's question, thinking aloud, and say what you "
        "now understand.",
    ),
}
SYNTHESIZE = (
    "The questions are over. Write the answer to the task from all that you two have found out, "
    "for somebody who has not heard it. Give the answer alone."
)


class Pair:
    """One who asks and one who answers; there is no answer in a round without a question."""

    def __init__(self, questioner: Member, responder: Member, parts: Parts) -> None:
        """As described.

        Args:
            questioner: Who asks.
            responder: Who answers.
            parts: What they are told to do.
        """
        self._questioner = questioner
        self._responder = responder
        self._parts = parts

    async def order(self, talk: Talk) -> AsyncGenerator[Floor, None]:
        """As `Order`."""
        yield Floor((self._questioner,), "asks")
        (question,) = talk.rounds[-1]
        if question.result is not None:
            yield Floor((self._responder,), "answers")

    def instruct(self, talk: Talk, member: Member) -> str:
        """As `Instruct`."""
        del talk
        return self._parts.ask if member.id == self._questioner.id else self._parts.answer

    async def answered(self, talk: Talk) -> Outcome:
        """As `transcript`, if there is an answer in it."""
        talk.run.require([each for each in talk.turns if each.member_id == self._responder.id])
        return await transcript(talk)


class Socratic(Workflow):
    """The questioner asks and the responder answers, each hearing all that the other said.

    It ended by `max_rounds`: an exchange is a round. If the synthesis fails, the result is the
    transcript, and partial.

    Args:
        questioner: Who asks.
        responder: Who answers, and writes the result.
        max_exchanges: So many questions, 1 or more.
        mode: Whether they are `peer`, or the questioner leads as in `teacher_student`.
        synthesis: Whether the responder writes the answer at the end; otherwise the result is
            the transcript.
        options: As of every workflow.
    """

    def __init__(
        self,
        questioner: Joining | Member,
        responder: Joining | Member,
        *,
        max_exchanges: int = 5,
        mode: Mode = "peer",
        synthesis: bool = True,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_other(Mode, mode=mode)
        refuse_less(1, max_exchanges=max_exchanges)
        asks, answers = member_of(questioner), member_of(responder)
        if asks == answers:
            raise ConfigError("questioner and responder must be two, not the same one.")
        pair = Pair(asks, answers, MODES[mode])
        closing = Closing(answers, SYNTHESIZE, "writes the result")
        engine = Discussion(
            (asks, answers),
            rounds=max_exchanges,
            instruct=pair.instruct,
            order=pair.order,
            finish=closing if synthesis else pair.answered,
        )
        super().__init__(engine, options)
