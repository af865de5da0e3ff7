"""The tools of one turn as steps of a run that is kept in a journal."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from toolyard.agents.approval import ALLOW, Decision, Deny, Edit
from toolyard.core.content_json import result_json, result_of
from toolyard.core.errors import RunCancelled, RunDiverged, RunLost, RunPaused, StepInDoubt
from toolyard.core.tool import Tool, ToolResult
from toolyard.llm.message import ToolUse
from toolyard.storage.journal.steps import Steps

STOPS = (RunPaused, RunCancelled, RunLost, RunDiverged)
"""What ends the run and is no result of a tool."""

_MOST_LETTERS = 64
"""Of the name of a tool."""

IN_DOUBT = (
    "The run was interrupted while this tool was at work: it may have done what it was asked for, "
    "and was not run again. Find out whether it did before you ask for it again."
)


class RoundSteps:
    """Keeps what was decided about each tool of a turn, and what it answered."""

    def __init__(self, steps: Steps, uses: Sequence[ToolUse], turn: int) -> None:
        self._steps = steps.child(f"turn {turn}")
        self._decisions = self._steps.child("approval")
        # All have their places before one begins, so it does not matter who is faster.
        self._places = [self._steps.place(_name(use)) for use in uses]
        self._uses = uses

    async def decision(
        self, at: int, tool: Tool, decide: Callable[[], Awaitable[Decision | None]]
    ) -> tuple[Decision | None, Tool | None]:
        """What is decided about one, and about which tool if it still is what it was."""
        use = self._uses[at]

        async def do() -> Any:
            return {"decision": _written(await decide()), "tool": _fingerprint(tool)}

        said = await self._decisions.run(
            _name(use),
            kind="approval",
            input=use.arguments,
            do=do,
            repeatable=True,
            n=self._places[at],
        )
        return _read(said["decision"]), tool if said["tool"] == _fingerprint(tool) else None

    async def awaited(self, at: int, tool: Tool) -> tuple[Decision | None, Tool | None]:
        """What a person decides about one through the journal, whenever that is.

        What was asked about is the tool as it was then: another one is not run for it.
        """
        use, place = self._uses[at], self._places[at]

        async def look() -> Any:
            return _fingerprint(tool)

        seen = await self._decisions.run(
            use.name, kind="approval", input=use.arguments, do=look, repeatable=True, n=place
        )
        question = {"tool": use.name, "arguments": use.arguments}
        said = await self._decisions.child("person").ask_person(use.name, question, n=place)
        return _decided_by_person(said), tool if seen == _fingerprint(tool) else None

    async def result(
        self,
        at: int,
        run: ToolUse,
        tool: Tool | None,
        answer: Callable[[], Awaitable[ToolResult]],
    ) -> ToolResult:
        """What one answers; that it may have been run, if that is not known."""

        async def do() -> Any:
            return result_json(await answer())

        try:
            said = await self._steps.run(
                _name(run),
                kind="tool",
                input=run.arguments,
                do=do,
                repeatable=_is_repeatable(tool),
                n=self._places[at],
            )
        except StepInDoubt:
            return ToolResult.error(IN_DOUBT)
        return result_of(said)


def _name(use: ToolUse) -> str:
    """Of the step; no tool is called by more, but a model may ask for what is none."""
    return use.name[:_MOST_LETTERS]


def _is_repeatable(tool: Tool | None) -> bool:
    """Whether running it twice is as good as once, by its own word."""
    hints = tool.annotations if tool else None
    return hints is not None and bool(hints.read_only or hints.idempotent)


def _fingerprint(tool: Tool) -> str:
    text = json.dumps(asdict(tool), sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()


def _written(decision: Decision | None) -> Any:
    if isinstance(decision, Edit):
        return {"edit": dict(decision.arguments)}
    if isinstance(decision, Deny):
        return {"deny": decision.reason}
    return None if decision is None else {"allow": True}


def _decided_by_person(said: Any) -> Decision:
    match said:
        case "allow" | True:
            return ALLOW
        case {"edit": dict()}:
            return Edit(said["edit"])
        case {"deny": str() as reason}:
            return Deny(reason)
        case _:
            return Deny()


def _read(said: Mapping[str, Any] | None) -> Decision | None:
    if said is None:
        return None
    if "edit" in said:
        return Edit(said["edit"])
    return Deny(said["deny"]) if "deny" in said else ALLOW
