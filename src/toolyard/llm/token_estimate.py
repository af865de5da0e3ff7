"""How many tokens something may be, where no provider has counted yet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from toolyard.core.content import Image, Text
from toolyard.core.tool import Tool
from toolyard.llm.message import Message, Part, Reasoning, ToolUse, ToolUseResult

BYTES_PER_TOKEN = 4
"""Of UTF-8: about right for English, too many tokens rather than too few for most else."""
IMAGE_TOKENS = 1_600
"""What providers count for a picture of about a megapixel, the most that they look at."""
MESSAGE_TOKENS = 4
"""Around each message."""

_WRITTEN = (Text, Reasoning)


def tokens_in(message: Message) -> int:
    """About how many tokens `message` is."""
    return MESSAGE_TOKENS + sum(map(_of_part, message.parts))


def tokens_of_tools(tools: Iterable[Tool]) -> int:
    """About how many tokens it takes to offer `tools`."""
    return sum(
        MESSAGE_TOKENS + _of_text(tool.name + tool.description + json.dumps(tool.input_schema))
        for tool in tools
    )


class ToolTokens:
    """Counts tools that are offered; mostly the same ones are, again and again."""

    def __init__(self) -> None:
        self._last: tuple[Sequence[Tool], int] = ((), 0)

    def of(self, tools: Sequence[Tool]) -> int:
        """About how many tokens it takes to offer `tools`."""
        if self._last[0] is not tools:
            self._last = (tools, tokens_of_tools(tools))
        return self._last[1]


def _of_part(part: Part) -> int:
    if isinstance(part, _WRITTEN):
        return _of_text(part.text)
    if isinstance(part, Image):
        return IMAGE_TOKENS
    if isinstance(part, ToolUse):
        written = part.malformed or str(part.arguments)  # about as long as JSON, and made sooner
        return MESSAGE_TOKENS + _of_text(part.name + written)
    assert isinstance(part, ToolUseResult)
    return MESSAGE_TOKENS + sum(map(_of_part, part.content))


def _of_text(text: str) -> int:
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    return -(-size // BYTES_PER_TOKEN)
