"""Teams of agents: each framework's hear all that they are to hear, and are measured as told."""

import json
import subprocess
import sys

import pytest
from benchmarks.environments import Environment
from benchmarks.goals import GOALS
from benchmarks.machine import choose_cores
from benchmarks.peers import TOOLYARD
from benchmarks.plan import Plan
from benchmarks.team_script import PATTERNS, heard_by_last, heard_in, turns_of
from benchmarks.team_turns import (
    BARE,
    DURABLE,
    FEW,
    MANY,
    SIZES,
    SOME,
    key,
    measure_teams,
    row,
    why_not,
)
from tests.benchmarks.brief import BRIEF
from tests.support.process import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it keeps processes to cores")


@pytest.mark.parametrize("framework", [BARE, TOOLYARD, DURABLE])
def test_a_team_hears_all_it_is_to_hear_and_says_what_it_takes(framework: str) -> None:
    asked = [f"{what} {each}" for each in PATTERNS for what in ("turns", "memory")]
    lines = [f"{each} 9 0" if each.startswith("turns") else f"{each} 9" for each in asked]
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.team_loops", framework],
        cwd=ROOT,
        input="\n".join([*lines, ""]),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    answers = [json.loads(each) for each in told.stdout.splitlines()]

    assert [set(each) for each in answers] == [{"cpu_us", "wall_us"}, {"agent_kb"}] * len(PATTERNS)
    assert all(value > 0 for each in answers for value in each.values())


def test_how_much_is_heard() -> None:
    # By counting: 1 to 8 hear 0 to 7 in the first round, and in the second each the 7 others.
    assert heard_in("round-robin", 8) == sum(range(8)) + 8 * 7
    assert heard_in("layers", 8) == 3 * 2 * 2
    assert heard_in("parallel", 8) == 0
    assert [heard_by_last(each, 8) for each in PATTERNS.values()] == [15, 0, 2]
    assert [turns_of(each, 8) for each in PATTERNS.values()] == [16, 8, 8]


def test_every_table_has_its_rows_and_says_who_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.team_turns.SIZES", (4, 8))
    gone = Environment(ROOT / "pyproject.toml" / "no folder", "nothing", ())
    plan = Plan([], BRIEF, choose_cores(), lambda text: None)

    tables = {table.key: table for table in measure_teams(plan, {"a framework": gone})}

    for pattern in PATTERNS.values():
        for size in (4, 8):
            beside = tables[key(pattern, size)]
            assert beside.rows == [BARE, TOOLYARD]
            assert "could not be installed" in beside.missing["a framework"]
        assert tables[key(pattern, "growth")].rows == [row(4), row(8)]
    assert tables["teams/durable"].rows == [TOOLYARD, DURABLE]


def test_the_goals_are_about_teams_that_are_measured() -> None:
    growth = {key(each, "growth"): {row(size) for size in SIZES} for each in PATTERNS.values()}
    beside = {key("round-robin", SOME): {TOOLYARD, "langgraph"}}
    of_teams = [goal for goal in GOALS if goal.section == "teams"]

    assert of_teams
    for goal in of_teams:
        assert {goal.ours, goal.theirs} <= (growth | beside)[goal.table]
    assert why_not("langgraph", "round-robin", SOME, full=False) is None


def test_what_takes_long_is_left_out_unless_all_is_wanted() -> None:
    def why(name: str, agents: int, *, full: bool) -> str:
        return why_not(name, "round-robin", agents, full=full) or ""

    assert [why("crewai", each, full=False) != "" for each in SIZES] == [False, True, True]
    assert "--full" in why("crewai", MANY, full=False)
    assert why("crewai", MANY, full=True) == ""
    assert "100 steps" in why("agent-framework", MANY, full=True)
    assert why("agent-framework", FEW, full=False) == ""
