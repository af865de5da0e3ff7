"""A conversation as speakers in turn, for providers that want it so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from toolyard.core.errors import InvalidRequest
from toolyard.llm.message import Message, Part, Role

Blocks = Callable[[Part], Iterable[dict[str, Any]]]
"""What a part is on the wire; nothing, if the provider would refuse it."""


def system_of(messages: Sequence[Message]) -> str:
    """All that the system says, wherever it stands."""
    said = (each.text for each in messages if each.role == "system")
    return "\n\n".join(text for text in said if text)


def turns_of(
    messages: Sequence[Message], speakers: Mapping[Role, str], blocks: Blocks
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Who says what, without the system; neighbours of one speaker are one, and none is empty.

    Args:
        messages: The oldest first.
        speakers: What the provider calls the roles.
        blocks: Called for each part.

    Raises:
        InvalidRequest: Nobody says anything.
    """
    turns: list[tuple[str, list[dict[str, Any]]]] = []
    for message in messages:
        if message.role == "system":
            continue
        speaker = speakers[message.role]
        said = [block for part in message.parts for block in blocks(part)]
        if turns and turns[-1][0] == speaker:
            turns[-1][1].extend(said)
        elif said:
            turns.append((speaker, said))
    if not turns:
        raise InvalidRequest("There is nothing to answer; say something as the user.")
    return turns
