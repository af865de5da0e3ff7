"""Tools for models that cannot ask for them by themselves: they write JSON that says so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from toolyard.agents.forms.form import Answered, Step, Unclear, Wanted
from toolyard.agents.forms.listing import listed
from toolyard.agents.forms.observation import observed
from toolyard.core.tool import Tool
from toolyard.llm.chat import Reply
from toolyard.llm.message import ToolUse, ToolUseResult
from toolyard.llm.session import Said

INSTRUCTIONS = """You can use these tools:

{tools}

To use one, write this on lines of its own, and nothing after it:

{{"tool_call": {{"name": "NAME", "parameters": {{"PARAMETER": "VALUE"}}}}}}

You may write several, each on its own lines; you are then told what came of them. When you need \
no tool any more, answer without any."""

MOST_BROKEN = 100
"""Objects that are no JSON; nothing is read after them, as each costs a look at all before it."""

_AT_LINE_START = re.compile(r'^[ \t]*(?=\{\s*")', re.MULTILINE)
_MEANT = re.compile(r'^[ \t]*\{\s*"tool_call"', re.MULTILINE)
_JSON = json.JSONDecoder()


class TextTools:
    """Reads `{"tool_call": {"name": ..., "parameters": {...}}}` out of what a model writes.

    Only what begins a line is taken for a call: one that is quoted in a sentence is none.
    """

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The tools, and how to ask for them, if there are any."""
        return INSTRUCTIONS.format(tools=listed(tools)) if tools else ""

    def offered(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        """None."""
        del tools
        return ()

    def read(self, reply: Reply) -> Step:
        """The calls, or else the text."""
        calls = list(_calls(reply.text))
        if calls:
            uses = (_use(at, call) for at, call in enumerate(calls))
            return Wanted(tuple(uses))
        if _MEANT.search(reply.text):
            return Unclear("Your tool call is no valid JSON. Write it again.")
        return Answered(reply.text)

    def told(self, results: Sequence[ToolUseResult]) -> Sequence[Said]:
        """The results as a user's message."""
        return observed(results)


def _calls(text: str) -> Iterator[Mapping[str, Any]]:
    past = broken = 0
    for found in _AT_LINE_START.finditer(text):
        if found.end() < past:  # within the one before, or in what was read of a broken one
            continue
        try:
            value, past = _JSON.raw_decode(text, found.end())
        except json.JSONDecodeError as error:
            past, broken = error.pos, broken + 1
            if broken == MOST_BROKEN:
                return
            continue
        except RecursionError:
            return
        call = value.get("tool_call") if len(value) == 1 else None
        if isinstance(call, dict) and isinstance(cast("dict[str, Any]", call).get("name"), str):
            yield cast("Mapping[str, Any]", call)


def _use(at: int, call: Mapping[str, Any]) -> ToolUse:
    written: Any = call.get("parameters", call.get("arguments", {}))
    if isinstance(written, dict):
        return ToolUse(f"call-{at}", call["name"], cast("Mapping[str, Any]", written))
    return ToolUse(f"call-{at}", call["name"], {}, malformed=json.dumps(written))
