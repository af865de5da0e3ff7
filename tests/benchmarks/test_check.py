"""When a run falls short of an earlier one, and when it only seems to."""

from collections.abc import Sequence
from io import StringIO

import pytest
from benchmarks.check import Comparison
from benchmarks.goals import GOALS, Outcome
from benchmarks.report import show_comparisons
from benchmarks.table import ratio_of
from rich.console import Console

Rounds = tuple[float, ...]

SAME_CODE: dict[str, tuple[Rounds, Rounds]] = {
    "call-sdk": ((13.7, 11.3, 12.3, 11.9), (10.7, 12.4, 12.2, 22.9)),
    "call-fastmcp": ((25.3, 27.4, 38.9, 31.2), (28.9, 37.2, 40.2, 28.7)),
    "call-bare": ((1.04, 1.21, 0.958, 1.26), (1.58, 0.702, 0.91, 0.884)),
    "p50-sdk": ((0.0976, 0.098, 0.105, 0.101), (0.0923, 0.0803, 0.0806, 0.095)),
    "stateless-sdk": ((17.8, 15.1, 15, 24.7, 16.2), (40.6, 21.2, 13.5, 20.6, 17.7)),
    "stateless-fastmcp": ((32.5, 28.9, 29.4, 30.7, 36.2), (36.9, 33.5, 23.8, 31.2, 36.5)),
    "session-sdk": ((0.11, 0.0931, 0.103, 0.12), (0.0785, 0.0848, 0.102, 0.0961)),
    "session-sdk-lane": ((9.11, 10.7, 9.73, 8.34), (12.7, 11.8, 9.85, 10.4)),
    "list-sdk": ((162, 441, 269), (251, 469, 412)),
    "list-fastmcp": ((223, 648, 507), (262, 673, 551)),
    "growth-modern": ((1.28, 0.729, 0.781, 0.697, 1.02), (0.809, 1.8, 1, 1.33, 0.591)),
    "growth-legacy": ((1.53, 1.3, 0.673, 0.808, 1.06), (0.617, 0.919, 0.746, 0.556, 0.805)),
    "gateway-fastmcp": ((130, 111, 162, 136), (120, 104, 109, 127)),
    "workers": ((1.3, 1.26, 1.38, 1.61, 2.35), (1.61, 1.92, 1.47, 2.52, 1.95)),
    "stdio-modern": ((0.32, 0.202, 0.131, 0.231, 0.234), (0.232, 0.234, 0.233, 0.228, 0.256)),
    "stdio-legacy": ((0.249, 0.183, 0.308, 0.216, 0.254), (0.22, 0.225, 0.221, 0.322, 0.133)),
    "agent-bare": ((8.51, 7.88, 7.39), (7.99, 8.2, 7.29)),
    "agent-growth": ((0.776, 0.835, 1.36), (0.781, 0.796, 0.877)),
    "team-heard": ((0.188, 0.149, 0.288), (0.162, 0.14, 0.103)),
    "team-parallel": ((0.922, 1.06, 0.559), (0.717, 0.911, 0.917)),
    "team-layers": ((0.836, 0.803, 0.75), (0.735, 0.764, 1.44)),
    "team-langgraph": ((5.27, 5.9, 7.52), (5.24, 5.22, 7.81)),
}
"""The rounds of two whole runs of one version, one after the other on the same machine."""
USUAL = ("call-sdk", "stateless-fastmcp", "agent-bare")
"""Goals in whose first run most rounds were within a tenth of the median."""


def comparison(key: str, then: Sequence[float], now: Sequence[float]) -> Comparison:
    (goal,) = (goal for goal in GOALS if goal.key == key)
    return Comparison(Outcome(goal, ratio_of(then)), Outcome(goal, ratio_of(now)))


def worse(key: str, taken: Sequence[float], share: float) -> list[float]:
    """The same rounds of a toolyard that is so much worse."""
    (goal,) = (goal for goal in GOALS if goal.key == key)
    return [v * (1 - share) if goal.more_is_better else v / (1 - share) for v in taken]


def test_every_ratio_to_others_was_measured_in_both_runs() -> None:
    assert set(SAME_CODE) == {goal.key for goal in GOALS if goal.theirs is not None}


@pytest.mark.parametrize("key", SAME_CODE)
def test_two_runs_of_the_same_code_do_not_fall_short_of_each_other(key: str) -> None:
    one, two = SAME_CODE[key]

    assert not comparison(key, one, two).falls_short
    assert not comparison(key, two, one).falls_short


@pytest.mark.parametrize("key", USUAL)
def test_what_got_a_fifth_worse_falls_short_in_rounds_that_differ_as_usual(key: str) -> None:
    taken, _ = SAME_CODE[key]

    assert comparison(key, taken, worse(key, taken, 0.2)).falls_short


@pytest.mark.parametrize("key", SAME_CODE)
def test_what_got_15_percent_worse_falls_short_in_rounds_that_hardly_differ(key: str) -> None:
    then, now = [9.9, 10, 10, 10, 10.1], worse(key, [9.9, 9.98, 10.1], 0.152)

    assert comparison(key, then, now).falls_short


def test_more_rounds_do_not_make_the_check_blind() -> None:
    then, now = [12, 12.5, 11.5, 11.8, 12.2], [9, 9.3, 8.7, 8.9, 9.1, 11.6]

    assert comparison("call-sdk", then, now).falls_short


@pytest.mark.parametrize(("now", "short"), [((1.0, 0.98, 1.02), False), ((1.3, 1.25, 1.2), True)])
def test_luck_below_what_is_possible_is_no_measure(now: Rounds, short: bool) -> None:
    lucky = (0.74, 0.75, 0.76)

    assert comparison("growth-legacy", lucky, now).falls_short is short


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        ((10, 11, 12), (10, 11, 12), "ok"),
        ((10, 11, 12), (7, 8, 9), "SHORT"),
        ((10, 11, 17), (8, 9, 16), "not told apart"),
    ],
)
def test_rounds_that_differ_too_much_are_no_all_clear(then: Rounds, now: Rounds, said: str) -> None:
    shown = StringIO()

    show_comparisons(Console(file=shown, width=200), [comparison("call-sdk", then, now)])

    assert f"  {said}\n" in shown.getvalue()


def test_what_was_measured_in_neither_run_is_not_said_to_be_well() -> None:
    shown = StringIO()

    comparisons = [comparison(goal.key, [], []) for goal in GOALS]

    assert show_comparisons(Console(file=shown, width=200), comparisons)
    assert shown.getvalue().count("not compared") == len(GOALS)
