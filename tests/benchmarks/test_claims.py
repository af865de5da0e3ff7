"""Which numbers fail `make bench`."""

import re
import subprocess
import sys
from io import StringIO

import pytest
from benchmarks.calls import METRICS as CALLS
from benchmarks.claims import lost
from benchmarks.peers import SDK, TOOLYARD
from benchmarks.report import show_verdict
from benchmarks.table import Table
from benchmarks.tools import METRICS as TOOLS
from rich.console import Console
from tests.docs.pages import Page
from tests.support.process import ROOT


def calls(*rates: float) -> Table:
    """Calls per second of toolyard, one number for each round; the SDK always serves 100."""
    rounds = [{TOOLYARD: {"rate": rate}, SDK: {"rate": 100.0}} for rate in rates]
    return Table("calls/modern/1", "Calls", SDK, CALLS, [dict(each) for each in rounds])


def tools(count: int, *costs: float) -> Table:
    """The CPU of a call of toolyard with `count` tools, one number for each round."""
    rounds = [{TOOLYARD: {"cpu_us": cost}} for cost in costs]
    return Table(f"tools/legacy/{count}", "Tools", SDK, TOOLS, [dict(each) for each in rounds])


def test_fewer_calls_per_second_in_every_round_are_lost() -> None:
    assert lost([calls(60, 70, 80, 90, 94)]) == [
        "Calls: toolyard is 0.80x the SDK's calls per second (0.60 to 0.94)."
    ]


@pytest.mark.parametrize(
    "rates",
    [
        (60, 70, 80, 90, 101),
        (99, 98, 99, 97, 99),
        (50, 50, 50),
        (200, 200, 200, 200, 200),
        (),
    ],
    ids=["rounds disagree", "nobody would notice", "too few rounds", "more calls", "nothing"],
)
def test_anything_less_clear_is_not_lost(rates: tuple[float, ...]) -> None:
    assert lost([calls(*rates)]) == []


def test_a_call_that_costs_more_with_many_tools_in_every_round_is_lost() -> None:
    assert lost([tools(1, 100, 100, 100), tools(10_000, 130, 150, 900)]) == [
        "Growth: a call of toolyard costs 1.50x the CPU at 10,000 tools, legacy era (1.30 to 9.00)."
    ]


@pytest.mark.parametrize("many", [(130, 150, 110), (90, 80, 70), (900, 900)])
def test_a_cost_that_does_not_clearly_grow_is_not_lost(many: tuple[float, ...]) -> None:
    assert lost([tools(1, 100, 100, 100), tools(10_000, *many)]) == []


def test_a_cost_without_its_like_is_not_judged() -> None:
    assert lost([tools(10_000, 900, 900, 900)]) == []


@pytest.mark.parametrize(("rate", "stands"), [(50.0, False), (100.0, True)])
def test_the_last_lines_say_what_was_lost(rate: float, stands: bool) -> None:
    said = StringIO()

    assert show_verdict(Console(file=said), [calls(*[rate] * 5)]) is stands
    assert said.getvalue().startswith("No claim is refuted." if stands else "LOST: Calls: ")


def test_the_exit_codes_are_the_same_in_the_help_and_in_the_notes() -> None:
    command = [sys.executable, "-m", "benchmarks", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=30, check=True)
    helped = re.findall(r"^  (\d+) +(.+)$", told.stdout, re.MULTILINE)
    noted = re.findall(r"^\| (\d+) \| (.+) \|$", Page("benchmarks/README.md").text, re.MULTILINE)

    assert [code for code, _ in helped] == ["0", "1", "2", "130"]
    assert helped == [(code, text.replace("`", "")) for code, text in noted]
