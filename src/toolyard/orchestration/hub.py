"""What was said in one run of a workflow, and who has heard how much of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolyard.orchestration.texts.quoted import quoted

TASK = "The task:\n"
LEFT_OUT = "(What was said before is left out here; left out: {}.)"


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something that one of the members said to the others."""

    member_id: str
    name: str
    text: str


class Hub:
    """Hands each listener what it has not heard, once, in order, with who said it.

    One who remembers never gets its own words back. One who remembers nothing is told the task
    and all that was said each time, its own words as its own.
    """

    def __init__(self, task: str) -> None:
        self._task = task
        self._said = list[Utterance]()
        self._shown = list[str]()
        """What others are shown of each, made once, however many there are to hear it."""
        self._heard = dict[str, int]()
        """How much of what was said each listener has heard; none of it, not even the task, if it
        is not in here."""

    @property
    def said(self) -> Sequence[Utterance]:
        """All that was said, in order."""
        return self._said

    def say(self, member_id: str, name: str, text: str) -> None:
        """Have all others hear `text` when it is their turn."""
        self._said.append(Utterance(member_id, name, text))
        self._shown.append(quoted(name, text))

    def news(self, member_id: str, *, remembers: bool = True, last: int | None = None) -> str:
        """What the listener `member_id` is to be told now.

        Args:
            member_id: Who listens.
            remembers: Whether it knows what it was told before.
            last: At most so many of what was said, the latest, and how many are left out; all that
                are new if not given.
        """
        heard = self._heard.get(member_id) if remembers else None
        new = [
            shown if said.member_id != member_id else quoted(f"{said.name} (you)", said.text)
            for said, shown in self._since(heard or 0)
            if not remembers or said.member_id != member_id
        ]
        left_out = 0 if last is None else max(0, len(new) - last)
        parts = [] if heard is not None else [TASK + self._task]
        parts += [LEFT_OUT.format(left_out)] if left_out else []
        return "\n\n".join([*parts, *new[left_out:]])

    def hear(self, member_id: str, *, until: int | None = None) -> None:
        """The listener has heard what it was told: all that was said, or the first `until`."""
        self._heard[member_id] = len(self._said) if until is None else until

    def _since(self, heard: int) -> Iterator[tuple[Utterance, str]]:
        """What was said after the first `heard`, and what others are shown of it."""
        return zip(self._said[heard:], self._shown[heard:], strict=True)
