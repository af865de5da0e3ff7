"""A conversation as speakers in turn."""

from collections.abc import Mapping, Sequence

import pytest

from toolyard.core.errors import InvalidRequest
from toolyard.llm.message import Message, Role, assistant, system, user
from toolyard.llm.providers.turns import turns_of

SPEAKERS: Mapping[Role, str] = {"user": "user", "tool": "user", "assistant": "assistant"}


@pytest.mark.parametrize("messages", [[], [system("Be brief.")], [user("Hello")]])
def test_a_conversation_in_which_nobody_speaks(messages: Sequence[Message]) -> None:
    with pytest.raises(InvalidRequest, match="say something"):
        turns_of(messages, SPEAKERS, lambda part: ())


def test_neighbours_are_one() -> None:
    said = [user("1"), system("2"), user("3"), assistant("4"), user("5")]
    turns = turns_of(said, SPEAKERS, lambda part: [{"said": part}])
    assert [(speaker, len(blocks)) for speaker, blocks in turns] == [
        ("user", 2),
        ("assistant", 1),
        ("user", 1),
    ]
