"""The load by `wrk`: figures where every call is answered rightly, errors everywhere else."""

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from benchmarks.machine import Cores, choose_cores, usable_cores
from benchmarks.plan import Plan
from benchmarks.server_process import ServerProcess
from benchmarks.serving import ADDING, Serve
from benchmarks.wire import BenchmarkError
from benchmarks.workers import EVALUATING, ONE, TWO, measure_workers
from tests.benchmarks.brief import BRIEF
from tests.support.missing import missing

from benchmarks import wrk

CHANGING = '''
from itertools import count
from toolyard import ToolError, Toolbox

tools = Toolbox()
number = count(1)

@tools.tool
def add(a: float, b: float) -> float:
    """Add, but not every time."""
    now = next(number)
    if {WHEN}:
        {THEN}
    return a + b
'''

FAIL = 'raise ToolError("Not this time.")'

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads CPU time from Linux")


@pytest.fixture(autouse=True)
def there_is_wrk() -> None:
    if wrk.lacks_wrk():
        missing("wrk", "Install it with the machine's package manager.")


@contextmanager
def served(kind: str = ADDING, options: Sequence[str] = ()) -> Generator[ServerProcess]:
    with ServerProcess(Serve(kind, options), Cores(0, 0)) as server:
        yield server


@contextmanager
def changing(directory: Path, when: str, then: str) -> Generator[ServerProcess]:
    """A server whose tool does something else at the calls, by their number, of `when`."""
    file = directory / "changing.py"
    file.write_text(CHANGING.replace("{WHEN}", when).replace("{THEN}", then))
    with served(str(file)) as server:
        yield server


def test_two_workers_are_measured_beside_one_at_both_works() -> None:
    if len(usable_cores()) < 2:
        missing("a second core", "Workers and their load are measured on two.")

    tables = measure_workers(Plan([], BRIEF, choose_cores(), lambda said: None))

    assert [table.key for table in tables] == ["workers", EVALUATING]
    for table in tables:
        assert table.missing == {}
        assert table.rows == [ONE, TWO]
        for row in table.rows:
            assert table.value(row, "rate") > 100
            assert 0 < table.value(row, "p50_ms") <= table.value(row, "p99_ms") < 10_000


def test_calls_that_are_not_let_in_are_an_error() -> None:
    with (
        served(options=("--rate", "20/min burst 20")) as server,
        pytest.raises(BenchmarkError, match=r"\d+ calls of \d+ failed under load"),
    ):
        wrk.load(server, 2, 0.1)


@pytest.mark.parametrize(
    ("when", "then", "said"),
    [
        ("now > 1", FAIL, "Not this time"),
        ("now > 3", FAIL, "Not all .* calls had the same answer"),
        ("now > 3 and now % 2", FAIL, "Not all .* calls had the same answer"),
        ("now > 3", "return 4.0", "answered .*4.0.* instead of"),
    ],
    ids=["errors", "errors under load", "some errors", "a wrong answer of the same length"],
)
def test_what_is_not_the_right_answer_is_an_error(
    tmp_path: Path, when: str, then: str, said: str
) -> None:
    with changing(tmp_path, when, then) as server, pytest.raises(BenchmarkError, match=said):
        wrk.load(server, 2, 0.1)


def test_a_wrk_that_fails_is_an_error_that_says_why() -> None:
    with served() as server, pytest.raises(BenchmarkError, match=r"wrk failed: .*connections"):
        wrk.load(server, 0, 0.1)
