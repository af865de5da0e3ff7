"""Whether a history is one to go on with."""

from collections.abc import Sequence

from toolyard.llm.message import Message, ToolUseResult


def assert_all_answered(messages: Sequence[Message]) -> None:
    """Each tool that was asked for has a result, in the next message and in order."""
    waiting = list[str]()
    for message in messages:
        if message.role == "tool":
            results = [part for part in message.parts if isinstance(part, ToolUseResult)]
            assert [each.id for each in results] == waiting
            waiting = []
        assert not waiting
        waiting = [each.id for each in message.tool_uses]
    assert not waiting
