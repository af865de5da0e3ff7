"""The calculator: one tool that evaluates an expression to a finite number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, Self

from toolyard.builtin_tools.evaluation import Evaluator
from toolyard.builtin_tools.functions import (
    ALIASES,
    CONSTANTS,
    FUNCTION_NAMES,
    STATISTIC_NAMES,
    shown,
)
from toolyard.builtin_tools.reader import MAX_LENGTH, MAX_VALUES, read
from toolyard.core.context import CallContext
from toolyard.core.errors import InvalidArguments, ToolError, UnknownName
from toolyard.core.tool import Tool, ToolAnnotations, ToolCall, ToolResult

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

_TOOL = Tool(
    name="calculator",
    title="Calculator",
    description=_DESCRIPTION,
    input_schema={
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
    },
    output_schema={
        "type": "object",
        "properties": {"result": {"type": "number", "description": "The value"}},
        "required": ["result"],
        "additionalProperties": False,
    },
    annotations=ToolAnnotations(
        read_only=True, destructive=False, idempotent=True, open_world=False
    ),
)


class Calculator:
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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    async def list_tools(self, context: CallContext) -> Sequence[Tool]:
        """The one tool, `calculator`."""
        return (_TOOL,)

    async def call_tool(self, call: ToolCall, context: CallContext) -> ToolResult:
        """Evaluate; an expression without a value gives an error result.

        Raises:
            UnknownName: The call is not for `calculator`.
            InvalidArguments: The arguments are not one expression.
        """
        if call.name != _TOOL.name:
            raise UnknownName("tool", call.name)
        problems = _problems(call.arguments)
        if problems:
            raise InvalidArguments(_TOOL.name, problems)
        try:
            value = self.evaluate(call.arguments["expression"])
        except ToolError as error:
            return ToolResult.error(str(error))
        return ToolResult.of({"result": value}, text=shown(value))


MOST_TOLD = 10
"""Unknown arguments that a refusal names."""


def _problems(arguments: Mapping[str, Any]) -> list[str]:
    """What the input schema refuses in `arguments`, one sentence each."""
    unknown = [
        f"{name[:40]!a}: there is no such argument; the only one is expression."
        for name in islice((name for name in arguments if name != "expression"), MOST_TOLD)
    ]
    if "expression" not in arguments:
        return [*unknown, "expression: required, but missing."]
    return [*unknown, *_problems_of_text(arguments["expression"])]


def _problems_of_text(value: Any) -> list[str]:
    if not isinstance(value, str):
        return [f"expression: expected a string, got {_described(value)}."]
    if not value:
        return ["expression: expected at least 1 character, got none."]
    if len(value) > MAX_LENGTH:
        return [f"expression: expected at most {MAX_LENGTH} characters, got {len(value)}."]
    return []


def _described(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "the boolean true" if value else "the boolean false"
        case float():
            return f"the number {shown(value)}"
        case int():
            return f"the number {value}" if abs(value) < 10**15 else "a large number"
        case Mapping():
            return "an object"
        case _:
            return "an array"
