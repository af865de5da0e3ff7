"""Which part of a conversation still fits: the oldest is left out, and nothing is torn apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from toolyard.llm.message import Message


def trimmed(
    messages: Sequence[Message],
    most_tokens: float,
    tokens_in: Callable[[Message], float],
    *,
    new: int = 1,
) -> tuple[Message, ...]:
    """The newest of `messages` that together are at most `most_tokens`.

    What is left begins with a user's message and ends with the last `new` ones, which stay
    whatever their size, together with the user's message they belong to. Tools that were asked
    for, and what came of them, stay or go together.
    """
    left = sum(map(tokens_in, messages))
    kept = list(messages)
    for first, last in _droppable(messages, len(messages) - new):
        if left <= most_tokens:
            break
        for at in range(first, last):
            left -= tokens_in(messages[at])
            kept[at] = _GONE
    return tuple(message for message in kept if message is not _GONE)


_GONE = Message("user", ())
"""In the place of what is left out."""


def _droppable(messages: Sequence[Message], new_from: int) -> list[tuple[int, int]]:
    """Ranges that can go, in the order in which they do.

    First whole exchanges, from a user's message up to the next; then rounds of tools of the one
    that is under way, but for the last.
    """
    starts = [at for at, message in enumerate(messages) if message.role == "user"]
    under_way = max((at for at in starts if at <= new_from), default=0)
    past = [0, *(at for at in starts if 0 < at <= under_way)]
    rounds = [
        (at, at + 2)
        for at in range(under_way + 1, new_from)
        if messages[at].role == "assistant" and messages[at + 1].role == "tool"
    ]
    return [*pairwise(past), *(each for each in rounds if each[1] <= new_from)]
