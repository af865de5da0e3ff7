"""What a calculator's expression can name: functions, statistics and constants."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from toolyard.builtin_tools import statistics


@dataclass(frozen=True, slots=True)
class Numbers:
    """Several numbers: one list, or arguments or elements that stand beside each other."""

    values: list[float]
    is_list: bool = True


Value = float | Numbers
"""What a part of an expression can be worth."""

LARGEST_FACTORIAL = 170
"""171! is more than a double holds."""
MAX_DIGITS = 400
"""Digits that `round` accepts; no double has one further from its point."""
_DECIMAL = decimal.Context(prec=2 * MAX_DIGITS, rounding=decimal.ROUND_HALF_UP)


class Refusal(Exception):
    """Why one operation has no result, without the place: whoever knows the text adds it."""


def spliced(values: Iterable[Value]) -> list[Value]:
    """`values`, with numbers that are no list in the place where they stood together."""
    result: list[Value] = []
    for value in values:
        if isinstance(value, Numbers) and not value.is_list:
            result.extend(value.values)
        else:
            result.append(value)
    return result


def numbers_of(values: list[Value]) -> list[float] | None:
    """`values` if all are numbers, or nothing if one is a list."""
    numbers = [value for value in values if isinstance(value, float)]
    return numbers if len(numbers) == len(values) else None


def shown(number: float) -> str:
    """The shortest text that reads back as `number`, without a trailing `.0`."""
    return repr(number).removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a fixed number of numbers."""

    name: str
    compute: Callable[..., float]
    needs: str = ""
    """Where it is defined; `compute` raises ValueError or ZeroDivisionError elsewhere."""
    least: int = 1
    most: int = 1
    hint: str = ""
    """What to write instead, when the number of arguments is wrong."""

    def __call__(self, *arguments: Value) -> float:
        """Compute, or raise `Refusal`; OverflowError when the result is too large."""
        numbers = self._numbers(spliced(arguments))
        try:
            return float(self.compute(*numbers))
        except (ValueError, ZeroDivisionError):
            got = ", ".join(map(shown, numbers))
            raise Refusal(f"{self.name} needs {self.needs}, got {got}") from None

    def _numbers(self, arguments: list[Value]) -> list[float]:
        if not self.least <= len(arguments) <= self.most:
            raise Refusal(f"{self.name} takes {self._takes()}, got {len(arguments)}{self.hint}")
        numbers = numbers_of(arguments)
        if numbers is None:
            raise Refusal(f"{self.name} takes {self._takes()}, not a list")
        return numbers

    def _takes(self) -> str:
        if self.least < self.most:
            return f"{self.least} or {self.most} numbers"
        return "1 number" if self.most == 1 else f"{self.most} numbers"


@dataclass(frozen=True, slots=True)
class Statistic:
    """A function of one list, or of any number of numbers."""

    name: str
    compute: Callable[[list[float]], float]
    least: int = 1

    def __call__(self, *arguments: Value) -> float:
        """Compute, or raise `Refusal`; OverflowError when the result is too large."""
        values = self._values(spliced(arguments))
        if len(values) < self.least:
            plural = "" if self.least == 1 else "s"
            raise Refusal(
                f"{self.name} needs at least {self.least} value{plural}, got {len(values)}"
            )
        return float(self.compute(values))

    def _values(self, arguments: list[Value]) -> list[float]:
        if len(arguments) == 1 and isinstance(arguments[0], Numbers):
            return arguments[0].values
        values = numbers_of(arguments)
        if values is None:
            raise Refusal(f"{self.name} takes one list or several numbers, not both")
        return values


def _cbrt(number: float) -> float:
    # The C library's is not always exact for a cube: it can give 3.0000000000000004 for 27.
    root = math.cbrt(number)
    whole = float(round(root))
    return whole if whole * whole * whole == number else root


def _round(number: float, digits: float = 0.0) -> float:
    # From the decimal digits as they are shown, so that 2.675 becomes 2.68, as on paper.
    if not digits.is_integer() or abs(digits) > MAX_DIGITS:
        raise ValueError
    step = decimal.Decimal((0, (1,), -int(digits)))
    return float(decimal.Decimal(repr(number)).quantize(step, context=_DECIMAL))


def _count_up_to_largest(number: float) -> int:
    if not number.is_integer() or not 0 <= number <= LARGEST_FACTORIAL:
        raise ValueError
    return int(number)


def _factorial(number: float) -> float:
    return float(math.factorial(_count_up_to_largest(number)))


def _comb(items: float, chosen: float) -> float:
    return float(math.comb(_count_up_to_largest(items), _count_up_to_largest(chosen)))


def _one_over(compute: Callable[[float], float]) -> Callable[[float], float]:
    return lambda number: 1 / compute(number)


def _sech(number: float) -> float:
    # cosh overflows long before its reciprocal is 0.
    return 1 / math.cosh(number) if abs(number) < 700 else 2 * math.exp(-abs(number))


def _csch(number: float) -> float:
    if abs(number) < 700:
        return 1 / math.sinh(number)
    return math.copysign(2 * math.exp(-abs(number)), number)


_NOT_ZERO = "a number other than 0"
_POSITIVE = "a number above 0"
_UNIT = "a number from -1 to 1"
_COUNT = f"a whole number from 0 to {LARGEST_FACTORIAL}"

_PLAIN = (
    Function("abs", math.fabs),
    Function("sqrt", math.sqrt, "a number of 0 or more"),
    Function("cbrt", _cbrt),
    Function("exp", math.exp),
    Function("ln", math.log, _POSITIVE),
    Function(
        "log",
        math.log10,
        _POSITIVE,
        hint=" (its base is 10; for another base divide, as in ln(8)/ln(2) for base 2 of 8)",
    ),
    Function("log10", math.log10, _POSITIVE),
    Function("log2", math.log2, _POSITIVE),
    Function("floor", math.floor),
    Function("ceil", math.ceil),
    Function("trunc", float.__trunc__),
    Function("round", _round, f"whole digits from -{MAX_DIGITS} to {MAX_DIGITS}", most=2),
    Function("hypot", math.hypot, least=2, most=2),
    Function("factorial", _factorial, _COUNT),
    Function("comb", _comb, f"two whole numbers from 0 to {LARGEST_FACTORIAL}", least=2, most=2),
    Function("degrees", math.degrees),
    Function("radians", math.radians),
    Function("sin", math.sin),
    Function("cos", math.cos),
    Function("tan", math.tan),
    Function("csc", _one_over(math.sin), _NOT_ZERO),
    Function("sec", _one_over(math.cos)),
    Function("cot", _one_over(math.tan), _NOT_ZERO),
    Function("asin", math.asin, _UNIT),
    Function("acos", math.acos, _UNIT),
    Function("atan", math.atan),
    Function("atan2", math.atan2, least=2, most=2),
    Function("sinh", math.sinh),
    Function("cosh", math.cosh),
    Function("tanh", math.tanh),
    Function("csch", _csch, _NOT_ZERO),
    Function("sech", _sech),
    Function("coth", _one_over(math.tanh), _NOT_ZERO),
    Function("asinh", math.asinh),
    Function("acosh", math.acosh, "a number of 1 or more"),
    Function("atanh", math.atanh, "a number between -1 and 1"),
)

_OF_LISTS = (
    Statistic("mean", statistics.mean),
    Statistic("median", statistics.median),
    Statistic("mode", statistics.mode),
    Statistic("std", statistics.std, least=2),
    Statistic("stdpop", statistics.stdpop),
    Statistic("var", statistics.var, least=2),
    Statistic("varpop", statistics.varpop),
    Statistic("sum", statistics.total),
    Statistic("count", len),
    Statistic("min", min),
    Statistic("max", max),
)

ALIASES = {
    "cosec": "csc",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
}

FUNCTION_NAMES = tuple(function.name for function in _PLAIN)
STATISTIC_NAMES = tuple(statistic.name for statistic in _OF_LISTS)

FUNCTIONS: dict[str, Function | Statistic] = {
    **{function.name: function for function in _PLAIN},
    **{statistic.name: statistic for statistic in _OF_LISTS},
}
FUNCTIONS.update({alias: FUNCTIONS[name] for alias, name in ALIASES.items()})

CONSTANTS = {"pi": math.pi, "e": math.e, "tau": math.tau}
