"""The benchmark of tools that are not run in one step."""

import inspect
import sys

import pytest
from benchmarks.kinds import NAMES, measure_kinds
from benchmarks.machine import choose_cores
from benchmarks.peers import PEERS, TOOLYARD
from benchmarks.plan import Plan
from benchmarks.servers.options import KINDS, adders
from tests.benchmarks.brief import BRIEF

from toolyard import Toolbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads CPU time from Linux")


@pytest.mark.parametrize("kind", KINDS)
def test_a_tool_is_of_the_kind_that_is_asked_for(kind: str) -> None:
    toolbox = Toolbox()
    for add in adders(2, kind):
        toolbox.add(add)
    (add,) = adders(1, kind)
    assert inspect.iscoroutinefunction(add) == (kind != "sync")
    in_one_step = {name for name in ("add", "add_1") if toolbox.instant(name) is not None}
    assert in_one_step == ({"add", "add_1"} if kind == "instant" else set())


def test_toolyard_is_measured_with_each_kind() -> None:
    ours = [peer for peer in PEERS if peer.name == TOOLYARD]
    tables = measure_kinds(Plan(ours, BRIEF, choose_cores(), lambda said: None))
    assert [table.key for table in tables] == [f"kinds/{kind}" for kind in NAMES]
    for table in tables:
        assert table.rounds
        assert all(values[TOOLYARD]["cpu_us"] > 0 for values in table.rounds)
