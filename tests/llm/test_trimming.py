"""Which part of a conversation still fits."""

from collections.abc import Sequence

import pytest

from toolyard import Text
from toolyard.llm.message import Message, ToolUse, ToolUseResult, assistant, tool_results, user
from toolyard.llm.trimming import trimmed


def said(*roles: str) -> list[Message]:
    """A message for each letter: a user's, an assistant's, a use of a tool, what came of it."""
    made: list[Message] = []
    for at, role in enumerate("".join(roles)):
        use = ToolUse(f"u-{at - (role == 'r')}", "add", {})
        made.append(
            {
                "u": user(f"{at}"),
                "a": assistant(f"{at}"),
                "t": assistant(use),
                "r": tool_results(ToolUseResult(use.id, "add", (Text(f"{at}"),))),
            }[role]
        )
    return made


def letters(messages: Sequence[Message], of: Sequence[Message]) -> str:
    """Where in `of` the `messages` were."""
    return "".join("-u"[message in messages] for message in of)


@pytest.mark.parametrize(
    ("roles", "most", "kept"),
    [
        ("ua ua u", 5, "uuuuu"),
        ("ua ua u", 4, "--uuu"),
        ("ua ua u", 2, "----u"),
        ("ua ua u", 0, "----u"),
        ("utra u", 4, "----u"),
        ("ua utrtr", 6, "--uuuuu"),
        ("ua utrtr", 4, "--u--uu"),
        ("ua utrtr", 1, "--u--uu"),
        ("utrtrtr", 5, "u--uuuu"),
        ("u", 0, "u"),
        ("uu", 1, "-u"),
    ],
)
def test_what_is_left(roles: str, most: int, kept: str) -> None:
    messages = said(roles.replace(" ", ""))
    left = trimmed(messages, most, lambda message: 1)
    assert letters(left, messages) == kept


def test_all_that_is_new_stays() -> None:
    messages = said("ua utr u".replace(" ", ""))
    left = trimmed(messages, 0, lambda message: 1, new=2)
    assert letters(left, messages) == "--uuuu"


def test_nothing_is_dropped_that_need_not_be() -> None:
    messages = said("ua ua ua u".replace(" ", ""))
    sizes = dict(zip(map(id, messages), [9, 9, 1, 1, 1, 1, 1], strict=True))
    left = trimmed(messages, 5, lambda message: sizes[id(message)])
    assert letters(left, messages) == "--uuuuu"
