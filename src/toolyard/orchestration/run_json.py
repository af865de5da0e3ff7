"""Tasks and results of runs as JSON values, for the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from math import isfinite
from typing import Any, cast

from toolyard.agents.run_result import RunResult
from toolyard.core.content import Image, Text
from toolyard.llm.message import ToolUseResult, user
from toolyard.llm.session import Said
from toolyard.llm.session_json import message_json, message_of
from toolyard.llm.usage import Usage
from toolyard.orchestration.workflow_result import WorkflowResult


def written(value: Any) -> Any:
    """`value` as a JSON value, the same each time; of what JSON cannot say only the kind."""
    from pydantic_core import to_jsonable_python  # runs that are not kept do without it

    return _finite(to_jsonable_python(value, fallback=_kind))


def _finite(value: Any) -> Any:
    """`value` with texts for numbers that are not finite, which pydantic leaves as they are."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return list(map(_finite, cast("list[Any]", value)))
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def _kind(value: object) -> str:
    return getattr(value, "__name__", "") or type(value).__name__


def written_task(task: Sequence[Said]) -> Any:
    """What is to be done, texts and pictures."""
    return message_json(user(*[each for each in task if not isinstance(each, ToolUseResult)]))


def read_task(said: Mapping[str, Any]) -> Sequence[Said]:
    """What `written_task` wrote."""
    return [each for each in message_of(said).parts if isinstance(each, Text | Image)]


def written_result(result: RunResult[Any]) -> Any:
    """A result without what was said on the way to it."""
    return {
        "output": written(result.output),
        "text": result.text,
        "status": result.status,
        "usage": asdict(result.usage),
        "cost_usd": None if result.cost_usd is None else str(result.cost_usd),
        "turns": result.turns,
        "tool_calls": result.tool_calls,
        "run_id": result.run_id,
    }


def read_result(said: Mapping[str, Any]) -> RunResult[Any]:
    """What `written_result` wrote; of what was no JSON value, that which it became."""
    cost: str | None = said["cost_usd"]
    read: dict[str, Any] = {
        **said,
        "usage": Usage(**said["usage"]),
        "cost_usd": None if cost is None else Decimal(cost),
    }
    return RunResult(**read)


def written_end(result: WorkflowResult[Any]) -> Any:
    """How a run of a workflow ended; the same whenever it is gone through again."""
    shown = written_result(result)
    del shown["run_id"]
    return {**shown, "ended": result.ended, "rounds": result.rounds, "score": result.score}
