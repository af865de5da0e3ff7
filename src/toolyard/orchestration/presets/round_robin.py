"""One after the other, each going on from what was said."""

from __future__ import annotations

from typing import Literal, Unpack

from toolyard.core.errors import ConfigError
from toolyard.orchestration.engines.discussion import (
    SYNTHESIZE,
    Closing,
    Discussion,
    latest,
    transcript,
)
from toolyard.orchestration.engines.talk import Talk
from toolyard.orchestration.member import Joining, Member, Members, member_of, members_of
from toolyard.orchestration.refusals import refuse_other
from toolyard.orchestration.workflow import Workflow, WorkflowOptions

Style = Literal["extend", "refine", "challenge"]

FIRST = "You are the first to speak. Do the task as well as you can; others go on from there."
STYLES: dict[Style, str] = {
    "extend": "It is your turn. Add what is still missing. Do not repeat what was said.",
    "refine": "It is your turn. Write the whole answer anew, better than what was said last. "
    "Give the answer alone.",
    "challenge": "It is your turn. Say what is wrong, weak or left open in what was said, and "
    "what would be right instead.",
}


class RoundRobin(Workflow):
    """Members speak one after the other, each hearing all that was said since its last turn.

    It ended by `max_rounds`. If the synthesis fails, the result is the transcript, and partial.

    Args:
        members: Who speaks, in this order.
        rounds: How often each does, 1 or more.
        style: What each does with what was said: `extend` adds to it, `refine` writes the whole
            answer anew, `challenge` says what is wrong with it.
        synthesis: Whether the answer is written from all that was said. Otherwise the result is
            the transcript, or what was said last if the style is `refine`.
        synthesizer: Who writes it, a member or another; the first member if not given.
        last: At most so many of what the others said is a speaker told, the latest, and how many
            are left out, 1 or more; all of them if not given. It is not told the others later
            either: a synthesizer who is no member hears all.
        options: As of every workflow.
    """

    def __init__(
        self,
        members: Members,
        *,
        rounds: int = 3,
        style: Style = "extend",
        synthesis: bool = True,
        synthesizer: Joining | Member | None = None,
        last: int | None = None,
        **options: Unpack[WorkflowOptions],
    ) -> None:
        refuse_other(Style, style=style)
        if synthesizer is not None and not synthesis:
            raise ConfigError("synthesizer is of no use while synthesis is off.")
        speakers = members_of(members)
        writer = speakers[0] if synthesizer is None else member_of(synthesizer)

        def instruct(talk: Talk, member: Member) -> str:
            del member
            return STYLES[style] if talk.has_begun else FIRST

        plain = latest if style == "refine" else transcript
        engine = Discussion(
            speakers,
            rounds=rounds,
            instruct=instruct,
            finish=Closing(writer, SYNTHESIZE, "writes the result") if synthesis else plain,
            last=last,
            others=(writer,) if synthesis else (),
        )
        super().__init__(engine, options)
