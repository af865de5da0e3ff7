"""The loops of agents: each does the whole task, and is measured as it is told."""

import json
import subprocess
import sys

import pytest
from benchmarks.agent_turns import BARE, FEW, LONG, MANY, SHORT, measure_agents, row
from benchmarks.environments import Environment
from benchmarks.machine import choose_cores
from benchmarks.peers import TOOLYARD
from benchmarks.plan import Plan
from tests.benchmarks.brief import BRIEF
from tests.support.process import ROOT

LOOPS = (BARE, TOOLYARD)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it keeps processes to cores")


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_says_what_a_turn_and_an_agent_take(loop: str) -> None:
    asked = "turns 3 4 0\nmemory 20\nturns 1 30 0\n"
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.agent_loops", loop],
        cwd=ROOT,
        input=asked,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    few, memory, long = map(json.loads, told.stdout.splitlines())

    assert few["cpu_us"] > 0
    assert long["cpu_us"] > 0
    assert 1 < memory["run_kb"] <= memory["agent_kb"] < 100


def test_every_table_has_a_row_for_each_loop_and_says_who_is_missing() -> None:
    gone = Environment(ROOT / "pyproject.toml" / "no folder", "nothing", ())
    plan = Plan([], BRIEF, choose_cores(), lambda text: None)

    few, many, growth = measure_agents(plan, {"a framework": gone})

    assert (few.key, many.key) == (f"agents/{FEW}", f"agents/{MANY}")
    assert set(few.rows) == set(many.rows) == set(LOOPS)
    assert set(growth.rows) == {row(loop, calls) for loop in LOOPS for calls in (SHORT, LONG)}
    for table in (few, many, growth):
        assert "could not be installed" in table.missing["a framework"]
