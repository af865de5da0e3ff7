"""What a run says about the goals, and when a later run falls short of it."""

from dataclasses import replace
from io import StringIO

import pytest
from benchmarks.calls import METRICS as CALLS
from benchmarks.check import Comparison, compare, pooled, sections_to_repeat
from benchmarks.goals import GOALS, Outcome, goal_sections, outcomes
from benchmarks.peers import BARE, FASTMCP, FASTMCP_JSON, SDK, SDK_JSON, TOOLYARD
from benchmarks.record import RESULTS, Record, as_text, of_text, read_results
from benchmarks.report import show_comparisons
from benchmarks.start import CALCULATOR, START_METRICS
from benchmarks.table import Table
from rich.console import Console


def calls(*costs: float) -> Table:
    """The CPU of a modern call of toolyard in each round; of others always the same."""
    rounds = [
        {
            TOOLYARD: {"cpu_us": cost},
            SDK_JSON: {"cpu_us": 800.0},
            FASTMCP_JSON: {"cpu_us": 2_000.0},
            BARE: {"cpu_us": 50.0},
        }
        for cost in costs
    ]
    return Table("calls/modern/32", "Calls", SDK, CALLS, [dict(each) for each in rounds])


def calculator(*starts: float) -> Table:
    """How long the command took to start in each round."""
    rounds = [{CALCULATOR: {"start_ms": start, "rss_mb": 40.0}} for start in starts]
    return Table(
        "calculator", "Calculator", CALCULATOR, START_METRICS, [dict(each) for each in rounds]
    )


def run(*tables: Table) -> Record:
    return Record("2026-01-31", {"cores": "2"}, {}, tables)


def outcome(key: str, record: Record) -> Outcome:
    return next(each for each in record.outcomes if each.goal.key == key)


def comparison(key: str, then: Record, now: Record) -> Comparison:
    return next(each for each in compare(then, now) if each.now.goal.key == key)


@pytest.mark.parametrize(
    ("key", "ratio", "holds"),
    [("call-sdk", 8.0, True), ("call-fastmcp", 20.0, False), ("call-bare", 2.0, False)],
)
def test_a_goal_is_judged_by_the_median_of_the_rounds(key: str, ratio: float, holds: bool) -> None:
    said = outcome(key, run(calls(100, 100, 900)))

    assert said.ratio is not None
    assert (said.ratio.median, said.holds) == (ratio, holds)


@pytest.mark.parametrize(("start", "holds"), [(400, True), (401, False)])
def test_a_goal_of_milliseconds_has_a_bound(start: float, holds: bool) -> None:
    assert outcome("start-serve", run(calculator(start))).holds is holds


def test_what_was_not_measured_says_why_and_holds_nothing() -> None:
    without = Table("calls/stateless/32", "", SDK, CALLS, missing={TOOLYARD: "there is no switch"})
    left_out = outcomes([without], {FASTMCP: "it is not installed"})
    reasons = {each.goal.key: each.reason for each in left_out}

    assert reasons["stateless-sdk"] == "there is no switch"
    assert reasons["call-sdk"] == "it was not part of the run"
    assert not any(each.holds for each in left_out)


def test_every_goal_has_a_name_of_its_own_and_a_measurement() -> None:
    assert len({goal.key for goal in GOALS}) == len(GOALS)
    assert {goal.section for goal in GOALS} == set(goal_sections())


@pytest.mark.parametrize(
    ("now", "short"),
    [((100, 100, 100), False), ((116, 116, 116), False), ((119, 119, 119), True)],
    ids=["the same", "14 % short", "16 % short"],
)
@pytest.mark.parametrize("key", ["call-sdk", "call-bare"])
def test_a_ratio_may_fall_15_percent_short(key: str, now: tuple[float, ...], short: bool) -> None:
    assert comparison(key, run(calls(100)), run(calls(*now))).falls_short is short


def test_one_bad_round_falls_short_of_nothing() -> None:
    assert not comparison("call-sdk", run(calls(100)), run(calls(101, 900, 99))).falls_short


def test_a_ratio_that_is_measured_no_longer_falls_short() -> None:
    gone = comparison("call-sdk", run(calls(100)), run())

    assert gone.falls_short
    assert sections_to_repeat([gone]) == []


@pytest.mark.parametrize(
    ("then", "now"),
    [(run(), run(calls(900))), (run(calculator(200)), run(calculator(399)))],
    ids=["new", "milliseconds, which are the machine's"],
)
def test_what_cannot_be_compared_falls_short_of_nothing(then: Record, now: Record) -> None:
    assert not any(each.falls_short for each in compare(then, now))


def test_what_falls_short_is_measured_again_and_judged_by_all_rounds() -> None:
    then, bad, good = run(calls(100)), [calls(150, 150, 130)], [calls(100, 100, 101)]

    assert sections_to_repeat(compare(then, run(*bad))) == ["calls"]
    assert not comparison("call-sdk", then, run(*pooled(bad, good))).falls_short
    assert comparison("call-sdk", then, run(*pooled(bad, bad))).falls_short


@pytest.mark.parametrize("then", [run(calculator(900)), run()], ids=["passed before", "new"])
def test_a_bound_without_others_is_for_every_run(then: Record) -> None:
    now = run(calculator(401))

    assert comparison("start-serve", then, now).falls_short
    assert not comparison("memory", then, now).falls_short


def test_a_bound_that_was_passed_by_chance_has_a_second_chance() -> None:
    then, bad, good = run(calculator(300)), [calculator(500, 401, 399)], [calculator(300, 310)]

    assert sections_to_repeat(compare(then, run(*bad))) == ["start"]
    assert not comparison("start-serve", then, run(*pooled(bad, good))).falls_short
    assert comparison("start-serve", then, run(*pooled(bad, bad))).falls_short


def test_a_bound_that_is_measured_no_longer_falls_short() -> None:
    gone = comparison("start-serve", run(calculator(300)), run())

    assert gone.falls_short
    assert sections_to_repeat([gone]) == []


def test_the_check_says_which_bound_was_passed() -> None:
    said = StringIO()

    comparisons = compare(run(), run(calculator(401)))

    assert not show_comparisons(Console(file=said, width=200), comparisons)
    assert "SHORT: `serve calculator`, first answer: not at most 400 ms" in said.getvalue()


@pytest.mark.parametrize(("now", "good"), [(100, True), (150, False)])
def test_the_check_ends_with_what_fell_short(now: float, good: bool) -> None:
    said = StringIO()

    comparisons = compare(run(calls(100)), run(calls(now)))

    assert show_comparisons(Console(file=said, width=200), comparisons) is good
    assert ("SHORT: modern `tools/call`" in said.getvalue()) is not good


def test_a_run_is_the_same_after_being_kept_in_a_file() -> None:
    record = run(calls(100, 110.5), replace(calculator(), missing={CALCULATOR: "it is late"}))
    kept = of_text(as_text(record))

    assert as_text(kept) == as_text(record)
    assert kept.outcomes == record.outcomes


def test_the_results_that_count_were_not_edited_apart_from_their_rounds() -> None:
    results = read_results()

    assert as_text(results) == RESULTS.read_text(encoding="utf-8")
    ratios = (each for each in compare(results, results) if each.is_compared)
    assert not any(each.falls_short for each in ratios)


def test_a_much_slower_toolyard_falls_short_of_the_results_that_count() -> None:
    results = read_results()
    slower = [slowed(table) for table in results.tables]
    fallen = [
        each for each in compare(results, replace(results, tables=slower)) if each.falls_short
    ]

    assert {"call-sdk", "call-fastmcp", "call-bare", "p50-sdk", "session-sdk", "list-sdk"} <= {
        each.now.goal.key for each in fallen
    }


def slowed(table: Table) -> Table:
    """The table of a toolyard that takes three times as long for everything: no noise hides it."""
    rounds = [
        {
            row: {key: value * 3 if row == TOOLYARD else value for key, value in values.items()}
            for row, values in each.items()
        }
        for each in table.rounds
    ]
    return replace(table, rounds=rounds)
