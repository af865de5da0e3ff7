"""How toolyard is started to be measured: by its command, over HTTP and over pipes."""

import sys

import pytest
from benchmarks.conversation import ERAS, Call, Conversation, Era
from benchmarks.machine import Cores
from benchmarks.server_process import ServerProcess
from benchmarks.serving import ADDING, TOOLYARD_COMMAND, Serve, lacking
from benchmarks.stdio import PipedServer
from benchmarks.wire import BenchmarkError

ANYWHERE = Cores(0, 0)
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads CPU time from Linux")


@pytest.mark.parametrize("era", ERAS)
def test_a_call_over_pipes_is_answered_and_costs_time(era: Era) -> None:
    command = (*TOOLYARD_COMMAND, "serve", ADDING, "--stdio", "--quiet")
    with PipedServer(command, era, ANYWHERE) as server:
        before = server.cpu_s()

        assert 0 < server.call() < 10
        assert server.cpu_s() > before


def test_a_server_on_pipes_that_ends_is_an_error_that_says_why() -> None:
    command = (*TOOLYARD_COMMAND, "serve", "nothing.py", "--stdio")
    with (
        pytest.raises(BenchmarkError, match=r"(?s)ended by itself.*nothing\.py"),
        PipedServer(command, "legacy", ANYWHERE),
    ):
        pass


def test_the_command_serves_with_a_token_and_is_measured_from_its_start() -> None:
    sums = Call("calculator", {"expression": "1 + 2"}, {"result": 3})
    with ServerProcess(Serve("calculator"), ANYWHERE, probe=sums) as server:
        stranger = Conversation(server.port, "another token", "modern")
        with pytest.raises(BenchmarkError, match="401"):
            stranger.check(sums)
        stranger.connection.close()

        assert server.start_ms > 0
        assert 10 < server.rss_mb() < 1_000


def test_an_option_that_the_command_does_not_have_is_named() -> None:
    assert lacking(("--rate", "9/s", "--port", "80")) is None
    assert lacking(("--rate", "9/s", "--nonsense", "2")) == "`toolyard serve` has no --nonsense yet"
