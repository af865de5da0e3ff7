"""The calculator: one tool that evaluates an expression to a finite number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolyard.builtin_tools.evaluation import Evaluator
from toolyard.builtin_tools.functions import (
    ALIASES,
    CONSTANTS,
    FUNCTION_NAMES,
    STATISTIC_NAMES,
    shown,
)
from toolyard.builtin_tools.reader import MAX_LENGTH, MAX_VALUES, read
from toolyard.core.tool import ToolResult
from toolyard.core.tool_owner import ToolOwner
from toolyard.core.toolbox import Toolbox

_DESCRIPTION = f"""\
Evaluate one arithmetic expression and return its value as a number.
Operators: + - * / % // ^ (or **, a power) and brackets; -2^2 is -4, 2^3^2 is 512, 5/2 is 2.5, \
% and // round down (-7 % 3 is 2). Write every *: 2*pi, not 2pi.
Constants: {" ".join(CONSTANTS)}.
Functions, angles in radians: {" ".join(FUNCTION_NAMES)}. ln is the natural logarithm, log has \
base 10. round(x) and round(x, digits) round halves away from zero.
Also: {", ".join(f"{alias} = {name}" for alias, name in ALIASES.items())}.
Of a list [..] of up to {MAX_VALUES} numbers: {" ".join(STATISTIC_NAMES)}. std and var are those \
of a sample, stdpop and varpop of a population.
Examples: 2*mean([1, 2, 3]) + 10; sqrt(3^2 + 4^2); round(1250 * 1.035^10, 2); sin(radians(30)).
No variables, comparisons or text."""

_INPUT: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "expression": {
            "type": "string",
            "description": "The expression, on one line, such as 2*mean([1, 2, 3]) + 10",
            "minLength": 1,
            "maxLength": MAX_LENGTH,
        }
    },
    "required": ["expression"],
    "additionalProperties": False,
}
_OUTPUT: Mapping[str, Any] = {
    "type": "object",
    "properties": {"result": {"type": "number", "description": "The value"}},
    "required": ["result"],
    "additionalProperties": False,
}


class Calculator(ToolOwner):
    """Arithmetic, functions and statistics on doubles; in Python and as a tool.

    An evaluation blocks for some 50 ms at most, whatever the expression is, so it runs in the
    event loop.
    """

    def __init__(self) -> None:
        self._evaluator = Evaluator()

    def evaluate(self, expression: str) -> float:
        """The finite value of `expression`.

        Raises:
            ToolError: It has none, or is over a limit; the text says why and where.
        """
        return self._evaluator.result(read(expression))

    def _make_toolbox(self) -> Toolbox:
        toolbox = Toolbox()
        toolbox.add_schema(
            "calculator",
            self._answer,
            description=_DESCRIPTION,
            input_schema=_INPUT,
            output_schema=_OUTPUT,
            title="Calculator",
            read_only=True,
            destructive=False,
            idempotent=True,
            open_world=False,
        )
        return toolbox

    async def _answer(self, arguments: Mapping[str, Any]) -> ToolResult:
        value = self.evaluate(arguments["expression"])
        return ToolResult.of({"result": value}, text=shown(value))
