"""Reason and act: the model says each time what it thinks, and what it does next, as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field

from toolyard.agents.forms.form import Answered, Step, Unclear, Wanted
from toolyard.agents.forms.listing import listed
from toolyard.agents.forms.observation import observed
from toolyard.core.errors import ExtractionError
from toolyard.core.tool import Tool
from toolyard.llm.chat import Reply
from toolyard.llm.message import ToolUse, ToolUseResult
from toolyard.llm.session import Said
from toolyard.prompts.extraction import read_json

INSTRUCTIONS = """You can use these tools:

{tools}

Work step by step. In each step answer with one JSON object and nothing else:

{{"thought": "what you think", "action": {{"tool": "NAME", "input": {{"PARAMETER": "VALUE"}}}}, \
"is_final": false, "final_answer": null}}

You are then told what came of it. Once you know the answer, or need no tool:

{{"thought": "what you think", "action": null, "is_final": true, "final_answer": "the answer"}}

If the answer has to be of a certain form, that is the form of final_answer."""
NEITHER = (
    "That is no step: answer with one JSON object that has either an action, or is_final true "
    "and a final_answer."
)
ASKED = "Does that hold the answer? If it does, give it as final_answer; if not, go on."


class ReActAction(BaseModel):
    """A tool that is to be run."""

    tool: str
    input: dict[str, Any] = Field(default_factory=dict[str, Any])


class ReActDecision(BaseModel):
    """One step."""

    thought: str = ""
    action: ReActAction | None = None
    is_final: bool = False
    final_answer: Any = None


class ReAct:
    """Thought, action, observation, until there is a final answer."""

    def instructions(self, tools: Sequence[Tool]) -> str:
        """The tools, and what a step looks like."""
        return INSTRUCTIONS.format(tools=listed(tools) or "none")

    def offered(self, tools: Sequence[Tool]) -> Sequence[Tool]:
        """None."""
        del tools
        return ()

    def read(self, reply: Reply) -> Step:
        """The action, or the final answer; a text without any JSON is an answer as it is."""
        if "{" not in reply.text:
            return Answered(reply.text) if reply.text.strip() else Unclear(NEITHER)
        try:
            decision = read_json(reply.text, ReActDecision)
        except ExtractionError:
            return Unclear(NEITHER)
        if decision.action is not None and not decision.is_final:
            return Wanted((ToolUse("action", decision.action.tool, decision.action.input),))
        if decision.final_answer is None:
            return Unclear(NEITHER)
        return Answered(_text(decision.final_answer))

    def told(self, results: Sequence[ToolUseResult]) -> Sequence[Said]:
        """The observation, and the question what follows from it."""
        return [*observed(results), ASKED]


def _text(answer: Any) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
