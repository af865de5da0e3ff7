"""What a member is asked in another process, and what it answers, as JSON values."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from decimal import Decimal
from math import inf, isinf
from typing import Any, cast

from toolyard.agents.run_result import RunResult
from toolyard.llm.budget import Budget, BudgetLimits
from toolyard.llm.session_json import message_json, message_of
from toolyard.llm.usage import Usage
from toolyard.orchestration.run_json import read_result, written_result
from toolyard.orchestration.workflow_result import Spent

_MAIN = "__main__"
"""It is another module in each program."""


def written_output(output: Any) -> Any:
    """The type that an answer must have: where it is found, or else what JSON says of it."""
    if output is None or output is str:
        return None
    if isinstance(output, dict):
        return {"schema": cast("Any", output)}
    module, name = getattr(output, "__module__", ""), getattr(output, "__qualname__", "")
    if module != _MAIN and _found(module, name) is output:
        return {"module": module, "name": name}
    from pydantic import TypeAdapter  # whoever asks for texts alone does without it

    return {"schema": TypeAdapter(output).json_schema()}


def read_output(said: Mapping[str, Any] | None) -> Any:
    """The type that `written_output` wrote; a JSON Schema if it is found nowhere."""
    if said is None or "schema" in said:
        return said and said["schema"]
    return _found(said["module"], said["name"])


def _found(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def written_limits(limits: BudgetLimits) -> dict[str, float | None]:
    """Limits; what has no end is `None`."""
    found = {name: float(value) for name, value in asdict(limits).items()}
    return {name: None if isinf(value) else value for name, value in found.items()}


def read_limits(said: Mapping[str, float | None]) -> BudgetLimits:
    """What `written_limits` wrote."""
    return BudgetLimits(**{name: inf if value is None else value for name, value in said.items()})


def written_spent(spent: Spent) -> Any:
    """What something took."""
    cost = None if spent.cost_usd is None else str(spent.cost_usd)
    return {"usage": asdict(spent.usage), "cost_usd": cost}


def read_spent(said: Mapping[str, Any]) -> Spent:
    """What `written_spent` wrote."""
    cost = said["cost_usd"]
    return Spent(Usage(**said["usage"]), None if cost is None else Decimal(cost))


def written_budget(budget: Budget) -> Any:
    """A budget, and what was used of it."""
    limits = replace(budget.limits, seconds=budget.seconds_left())
    return {"limits": written_limits(limits), "used": _used(budget)}


def read_budget(said: Mapping[str, Any]) -> Budget:
    """What `written_budget` wrote."""
    budget = Budget(read_limits(said["limits"]))
    count_use(budget, said["used"])
    return budget


def written_use(budget: Budget, said: Mapping[str, Any]) -> Any:
    """What was used since `written_budget` wrote `said`."""
    before = read_spent(said["used"])
    usage, cost = budget.used - before.usage, budget.cost_usd - (before.cost_usd or 0)
    calls = budget.calls - said["used"]["calls"]
    return {**written_spent(Spent(usage, cost)), "calls": calls}


def count_use(budget: Budget, said: Mapping[str, Any]) -> None:
    """Count what `written_use` wrote."""
    spent = read_spent(said)
    budget.add(spent.usage, spent.cost_usd or Decimal(0), said["calls"])


def _used(budget: Budget) -> Any:
    return {**written_spent(Spent(budget.used, budget.cost_usd)), "calls": budget.calls}


def written_answer(result: RunResult[Any]) -> Any:
    """A member's answer, with what was said on the way to it."""
    return {**written_result(result), "messages": list(map(message_json, result.messages))}


def read_answer(said: Mapping[str, Any]) -> RunResult[Any]:
    """What `written_answer` wrote; a value is what JSON says of it."""
    return read_result({**said, "messages": tuple(map(message_of, said["messages"]))})
