"""What holds for every expression, tried on random ones."""

import ast
import math
import statistics
import threading
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from toolyard.builtin_tools.calculator import Calculator
from toolyard.builtin_tools.functions import CONSTANTS, FUNCTIONS
from toolyard.core.errors import ToolError

CALCULATOR = Calculator()

numbers = st.one_of(
    st.integers(0, 1000).map(str),
    st.floats(0, allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from([".5", "5.", "2e3", "1E-2"]),
)


def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "^", "**", " + ", " ^ ", "\t-"])
    return st.one_of(
        st.tuples(inner, operators, inner).map("".join),
        st.tuples(st.sampled_from("+-"), inner).map("".join),
        inner.map(lambda text: f"({text})"),
    )


arithmetic = st.recursive(numbers, wider, max_leaves=25)

words = st.sampled_from([
    *FUNCTIONS, *CONSTANTS, *"()[],+-*/%^. _", "**", "//", "(", ")", "[", "]", ",", "1", "2.5",
    "1e999", "0", "if", "lambda", "\n", "\u2212", "'", "1, 2", "[1, 2]", "sqrt(", "mean([",
])  # fmt: skip


class AsFloat(ast.NodeTransformer):
    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        value: Any = node.value
        return ast.copy_location(ast.Constant(float(value)), node)


def reference(expression: str) -> float | None:
    """Python's own answer, with every literal a float; nothing if it is not a finite number."""
    source = ast.parse(expression.strip().replace("^", "**"), mode="eval")
    tree = ast.fix_missing_locations(AsFloat().visit(source))
    try:
        value: Any = eval(compile(tree, "expression", "eval"), {"__builtins__": {}})
    except (ArithmeticError, TypeError):  # a complex number has no // or %
        return None
    return value if isinstance(value, float) and math.isfinite(value) else None


def outcome(expression: str) -> float | None:
    try:
        return CALCULATOR.evaluate(expression)
    except ToolError:
        return None


@settings(max_examples=1000)
@given(arithmetic)
def test_arithmetic_is_that_of_python_on_floats(expression: str) -> None:
    result = outcome(expression)
    if result is not None:
        assert result == reference(expression)
    else:
        assert reference(expression) is None or has_passing_infinity(expression)


def has_passing_infinity(expression: str) -> bool:
    """Whether a part on the way is infinite or complex, though the whole is finite."""
    tree = ast.parse(expression.strip().replace("^", "**"), mode="eval")
    parts = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.BinOp)]
    return any(reference(part) is None for part in parts)


@settings(max_examples=1000)
@given(st.text(max_size=60))
def test_any_text_has_a_finite_value_or_is_refused(text: str) -> None:
    assert math.isfinite(outcome(text) or 0)


@settings(max_examples=2000)
@given(st.lists(words, max_size=30).map("".join))
def test_any_words_have_a_finite_value_or_are_refused(text: str) -> None:
    assert math.isfinite(outcome(text) or 0)


@settings(max_examples=500)
@given(
    st.sampled_from(sorted(FUNCTIONS)),
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=4),
    st.booleans(),
)
def test_any_function_of_any_numbers_is_finite_or_refused(
    name: str, values: list[float], as_list: bool
) -> None:
    listed = ", ".join(map(repr, values))
    result = outcome(f"{name}([{listed}])" if as_list else f"{name}({listed})")
    assert math.isfinite(result or 0)


@settings(max_examples=300)
@given(st.lists(st.one_of(numbers, numbers.map("-{}".format), arithmetic), min_size=1, max_size=30))
def test_the_way_a_list_is_written_does_not_matter(elements: list[str]) -> None:
    # Numbers alone are read together; in brackets of their own they are read one by one.
    plain = outcome(f"sum([{', '.join(elements)}])")
    assert plain == outcome(f"sum({','.join(elements)})")
    assert plain == outcome(f"sum([{','.join(f'({element})' for element in elements)}])")


@settings(max_examples=300)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_statistics_are_those_of_the_standard_library(values: list[float]) -> None:
    for name, exact in {
        "mean": statistics.mean,
        "median": statistics.median,
        "var": statistics.variance,
        "varpop": statistics.pvariance,
        "std": statistics.stdev,
        "stdpop": statistics.pstdev,
    }.items():
        result = outcome(f"{name}([{', '.join(map(repr, values))}])")
        assert result is not None
        # A mean of values that cancel each other is right in relation to the values.
        slack = 1e-16 * max(map(abs, values)) if name == "mean" else 0.0
        assert math.isclose(result, exact(values), rel_tol=1e-14, abs_tol=slack)


@settings(max_examples=300)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=30))
def test_a_mean_lies_between_the_values_and_equal_values_do_not_vary(values: list[float]) -> None:
    result = outcome(f"mean([{', '.join(map(repr, values))}])")
    assert result is not None
    assert min(values) <= result <= max(values)
    same = ", ".join([repr(values[0])] * len(values))
    assert outcome(f"mean([{same}])") == values[0]
    assert outcome(f"std([{same}])") == 0


def test_one_calculator_serves_several_threads() -> None:
    sums: list[float] = []

    def work(number: int) -> None:
        sums.extend(CALCULATOR.evaluate(f"sum([{number}, 1, 2+{number}])") for _ in range(200))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(sums) == sorted([3.0, 5.0, 7.0, 9.0] * 200)
