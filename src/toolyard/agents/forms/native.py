"""Tools as the providers know them."""

from __future__ import annotations

from collections.abc import Sequence

from toolyard.agents.forms.form import Answered, Step, Wanted
from toolyard.core.tool import Tool
from toolyard.llm.chat import Reply
from toolyard.llm.message import ToolUseResult


class NativeTools:
    """For models that can ask for tools by themselves."""

    def instructions(self, tools: Sequence[Tool]) -> str:
        """None."""
        del tools
        return ""

    def offered(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        """All of them."""
        return tools

    def read(self, reply: Reply) -> Step:
        """Its tool uses, or else its text."""
        uses = reply.tool_uses
        return Wanted(uses) if uses else Answered(reply.text)

    def told(self, results: Sequence[ToolUseResult]) -> Sequence[ToolUseResult]:
        """The results as they are."""
        return results
