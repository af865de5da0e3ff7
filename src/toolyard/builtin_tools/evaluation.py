"""The value of an expression: simpleeval held to finite numbers, without recursion."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator
from typing import Any

from simpleeval import SimpleEval  # pyright: ignore[reportMissingTypeStubs]

from toolyard.builtin_tools.expression import Expression
from toolyard.builtin_tools.functions import (
    CONSTANTS,
    FUNCTIONS,
    Numbers,
    Refusal,
    Value,
    numbers_of,
    spliced,
)
from toolyard.core.errors import ToolError

_TOO_LARGE = "The result is too large for a number (over 1.8e308)"
_VALUE = "value_of_node"


def _of_numbers(compute: Callable[..., float]) -> Callable[..., float]:
    def apply(*operands: Value) -> float:
        numbers = numbers_of(list(operands))
        if numbers is None:
            raise Refusal("A list has no arithmetic; give it to a function, as in sum([1, 2])")
        return compute(*numbers)

    return apply


def _power(base: float, exponent: float) -> float:
    if base == 0 and exponent < 0:
        raise Refusal("0 has no negative power")
    if base < 0 and not exponent.is_integer():
        raise Refusal("A negative number has no real power that is not whole")
    return math.pow(base, exponent)


OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: _of_numbers(float.__add__),
    ast.Sub: _of_numbers(float.__sub__),
    ast.Mult: _of_numbers(float.__mul__),
    ast.Div: _of_numbers(float.__truediv__),
    ast.FloorDiv: _of_numbers(float.__floordiv__),
    ast.Mod: _of_numbers(float.__mod__),
    ast.Pow: _of_numbers(_power),
    ast.UAdd: _of_numbers(float.__pos__),
    ast.USub: _of_numbers(float.__neg__),
}


class Evaluator:
    """Evaluates trees of numbers, lists, operators, calls and constants, and nothing else.

    It keeps no state of an evaluation, so one serves any number of threads.
    """

    def __init__(self) -> None:
        simple: Any = SimpleEval(operators=OPERATORS, functions=FUNCTIONS, names=CONSTANTS)
        kinds = (ast.Constant, ast.Name, ast.UnaryOp, ast.BinOp, ast.Call)
        known = {kind: simple.nodes[kind] for kind in kinds}
        lists = {ast.List: self._list, ast.Tuple: self._list}
        simple.nodes = {kind: _once(evaluate) for kind, evaluate in (known | lists).items()}
        self._simple = simple

    def result(self, expression: Expression) -> float:
        """The finite value of `expression`.

        Raises:
            ToolError: An operation has no finite result; the text says which and why.
        """
        value: Value = 0.0
        for node in _parts(expression.tree):
            if isinstance(node, ast.Name) and node.id in expression.series:
                vars(node)[_VALUE] = expression.series[node.id]
            try:
                value = self._finite(node)
            except Refusal as refusal:
                raise ToolError(f"{refusal}, in {expression.piece(node)}.") from None
        if isinstance(value, Numbers):
            raise ToolError("The result is a list; give it to a function, as in sum([1, 2]).")
        return value + 0.0  # no negative zero

    def _finite(self, node: ast.expr) -> Value:
        try:
            value = self._value(node)
        except ZeroDivisionError:
            raise Refusal("Division by zero") from None
        except OverflowError:
            raise Refusal(_TOO_LARGE) from None
        if isinstance(value, float) and not math.isfinite(value):
            raise Refusal(_TOO_LARGE)
        return value

    def _value(self, node: ast.expr) -> Value:
        return self._simple.eval("", previously_parsed=node)

    def _list(self, node: ast.List | ast.Tuple) -> Value:
        numbers = numbers_of(spliced(self._value(element) for element in node.elts))
        if numbers is None:
            raise Refusal("A list holds numbers, not lists")
        return Numbers(numbers)


def _once(evaluate: Callable[[Any], Value]) -> Callable[[ast.expr], Value]:
    """`evaluate`, which leaves the value at the node and finds it there the next time.

    The parts of a node are evaluated before it, so however deep a tree is, the stack is not.
    """

    def value(node: ast.expr) -> Value:
        attributes = vars(node)
        if _VALUE not in attributes:
            attributes[_VALUE] = evaluate(node)
        return attributes[_VALUE]

    return value


def _parts(tree: ast.expr) -> Iterator[ast.expr]:
    """`tree` and all that is computed in it, from left to right, each after its own parts."""
    found: list[ast.expr] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(part for part in _operands(node) if not isinstance(part, ast.Constant))
    return reversed(found)


def _operands(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.BinOp():
            return [node.left, node.right]
        case ast.UnaryOp():
            return [node.operand]
        case ast.Call():
            return node.args
        case ast.List() | ast.Tuple():
            return node.elts
        case _:
            return []
