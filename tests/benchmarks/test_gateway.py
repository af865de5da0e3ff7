"""What the gateways' numbers say, and the programs behind them."""

import sys
from contextlib import closing
from pathlib import Path

import pytest
from benchmarks.claims import claims, lost
from benchmarks.conversation import Conversation
from benchmarks.gateway import METRICS, measure_gateway
from benchmarks.gateways import (
    DIRECT,
    FASTMCP,
    MCP_PROXY_STDIO,
    NO_TOKEN,
    TOOLYARD,
    TOOLYARD_STDIO,
    gateways,
)
from benchmarks.machine import Cores, choose_cores
from benchmarks.peers import PEERS
from benchmarks.plan import Plan
from benchmarks.report import cautions
from benchmarks.server_process import ServerProcess
from benchmarks.table import Table
from benchmarks.wire import BenchmarkError
from tests.benchmarks.brief import BRIEF

OURS = [peer for peer in PEERS if peer.name == "toolyard"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads CPU time from Linux")


def callers(count: int, *rates: float) -> Table:
    """Calls per second through toolyard, one number for each round; FastMCP's always has 10."""
    rounds = [
        {
            DIRECT: {"rate": 900.0, "added_ms": 0.0},
            TOOLYARD: {"rate": rate, "added_ms": 0.5},
            FASTMCP: {"rate": 10.0, "added_ms": 25.0},
        }
        for rate in rates
    ]
    title = "Through a gateway"
    return Table(
        f"gateway/modern/{count}", title, FASTMCP, METRICS, [dict(each) for each in rounds]
    )


def test_a_gateway_less_than_ten_times_as_fast_in_every_round_is_lost() -> None:
    assert lost([callers(16, 50, 60, 70, 80, 90)]) == [
        "Through a gateway: toolyard is only 7.00x FastMCP proxy (5.00 to 9.00)."
    ]


@pytest.mark.parametrize("rates", [(50, 60, 70, 80, 101), (50, 50, 50), (300,) * 5, ()])
def test_anything_less_clear_about_gateways_is_not_lost(rates: tuple[float, ...]) -> None:
    assert lost([callers(16, *rates)]) == []


def test_what_gateways_cost_is_said_in_time_for_one_caller_and_in_calls_for_many() -> None:
    assert claims([callers(1, 100), callers(16, 200)]) == [
        "Through a gateway: added to the p50 of a call: toolyard 0.50 ms, FastMCP proxy 25.00 ms.",
        "Through a gateway: in calls per second toolyard is 20.00x FastMCP proxy.",
    ]


def test_who_asks_for_no_token_is_named() -> None:
    table = Table("gateway/legacy/1", "", DIRECT, METRICS, [{MCP_PROXY_STDIO: {"rate": 1.0}}])

    assert NO_TOKEN in cautions([table])
    assert NO_TOKEN not in cautions([callers(1, 100)])


@pytest.mark.timeout(180)
def test_toolyard_is_measured_before_a_url_and_before_a_process() -> None:
    tables = measure_gateway(Plan(OURS, BRIEF, choose_cores(), lambda said: None))

    assert [table.key for table in tables] == [
        "gateway/modern/1",
        "gateway/modern/16",
        "gateway/legacy/1",
        "gateway/legacy/16",
        "large/modern",
        "large/legacy",
    ]
    for table in tables[4:]:
        assert table.rows == [DIRECT, TOOLYARD]
        assert all(table.value(row, "rate") > 0 for row in table.rows)
        assert all(table.value(row, "p50_ms") > 0 for row in table.rows)
    for table in tables[:4]:
        assert table.rows == [DIRECT, TOOLYARD, TOOLYARD_STDIO]
        assert all(table.value(row, "rate") > 0 for row in table.rows)
        assert table.value(DIRECT, "added_ms") == 0
        assert table.value(TOOLYARD, "added_ms") > 0


def test_the_gateway_and_the_server_behind_it_each_want_a_token_of_their_own(
    tmp_path: Path,
) -> None:
    here = choose_cores().load
    cores = Cores(here, here)
    with ServerProcess(OURS[0], cores) as behind:
        ours = gateways(behind, tmp_path, cores)[0]
        with ServerProcess(ours, cores) as before:
            for server, token in [(before, behind.token), (behind, before.token)]:
                conversation = Conversation(server.port, token, "modern")
                with (
                    closing(conversation.connection),
                    pytest.raises(BenchmarkError, match="401"),
                ):
                    conversation.check()
