"""Statistics of lists of doubles, in time that grows with their length whatever they hold.

Python's own are exact, with fractions of thousands of digits where magnitudes differ much; these
are right to the last digit or two, and scaled so that nothing on the way is too large or too small.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import chain, repeat

_LARGE = 2.0**900
_SHIFT = 200
_SMALLEST = 1074
"""A double is a multiple of two to the power of minus this."""


def total(values: list[float]) -> float:
    """The sum, rounded once; OverflowError only if it is too large itself."""
    try:
        return math.fsum(values)
    except OverflowError:  # on the way
        return sum(map(_in_smallest_units, values)) / 2**_SMALLEST


def _in_smallest_units(value: float) -> int:
    numerator, denominator = value.as_integer_ratio()
    return numerator << (_SMALLEST + 1 - denominator.bit_length())


def mean(values: list[float]) -> float:
    """The arithmetic mean."""
    values, shift = _reduced(values)
    first = math.fsum(values) / len(values)
    # The second sum makes up for the rounding of the first: the mean of three 0.1 is 0.1.
    rest = math.fsum(chain(values, repeat(-first, len(values)))) / len(values)
    return math.ldexp(first + rest, shift)


def median(values: list[float]) -> float:
    """The middle value, or the mean of the middle two."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else mean(ordered[half - 1 : half + 1])


def mode(values: list[float]) -> float:
    """The most frequent value, the smallest of them if there are several."""
    counts = Counter(values)
    most = max(counts.values())
    return min(value for value, count in counts.items() if count == most)


def var(values: list[float]) -> float:
    """The variance of a sample of at least two; OverflowError if it is too large."""
    square, exponent = _mean_square(values, len(values) - 1)
    return math.ldexp(square, 2 * exponent)


def varpop(values: list[float]) -> float:
    """The variance of a population; OverflowError if it is too large."""
    square, exponent = _mean_square(values, len(values))
    return math.ldexp(square, 2 * exponent)


def std(values: list[float]) -> float:
    """The standard deviation of a sample of at least two."""
    square, exponent = _mean_square(values, len(values) - 1)
    return math.ldexp(math.sqrt(square), exponent)


def stdpop(values: list[float]) -> float:
    """The standard deviation of a population."""
    square, exponent = _mean_square(values, len(values))
    return math.ldexp(math.sqrt(square), exponent)


def _mean_square(values: list[float], freedom: int) -> tuple[float, int]:
    """The mean square deviation, of deviations divided by two to the power of the second."""
    values, shift = _reduced(values)
    center = mean(values)
    deviations = [value - center for value in values]
    exponent = math.frexp(max(map(abs, deviations)))[1]
    scaled = [math.ldexp(deviation, -exponent) for deviation in deviations]
    # The deviations from an exact mean would have the sum 0.
    rest = math.fsum(scaled) ** 2 / len(scaled)
    squares = math.fsum(deviation * deviation for deviation in scaled)
    return (squares - rest) / freedom, exponent + shift


def _reduced(values: list[float]) -> tuple[list[float], int]:
    """`values`, divided by two to the power of the second if sums of them could be too large."""
    if max(map(abs, values)) < _LARGE:
        return values, 0
    return [math.ldexp(value, -_SHIFT) for value in values], _SHIFT
