"""The official conformance suite finds nothing to object to in our server and our client."""

import re
from pathlib import Path

import anyio
import httpx2
import pytest
from tests.conformance.conftest import TOKEN
from tests.conformance.suite import RUN_TIMEOUT_S, SCENARIO_TIMEOUT_MS, Report, run_suite
from tests.support.node import Node
from tests.support.proxy import bearer_proxy

pytestmark = [pytest.mark.node, pytest.mark.timeout(RUN_TIMEOUT_S + 60)]

MODERN = "2026-07-28"
HANDSHAKE = "2025-11-25"

NOT_FOR_A_CLIENT_OF_TOOLS = re.compile(
    "http-standard-headers: .*: SKIPPED: Client did not send a "
    "(initialize|notifications/initialized|resources/list|resources/read|prompts/list|prompts/get) "
)
"""The suite looks at the headers of requests that this revision or our client does not have."""


def assert_passed(report: Report, scenarios: int) -> None:
    assert not report.problems, "\n".join(report.problems)
    assert report.code == 0, report.said
    assert len(report.passed) == len(report.checks) == scenarios


@pytest.mark.parametrize("open_server", ["lane", "sdk", "forced"], indirect=True, scope="session")
@pytest.mark.parametrize(("revision", "scenarios"), [(MODERN, 37), (HANDSHAKE, 30)])
def test_the_server_passes_every_required_scenario_with_nothing_skipped(
    node: Node, open_server: int, revision: str, scenarios: int, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{open_server}/mcp"
    report = run_suite(node, "server", revision, "--url", url, output=tmp_path)
    assert_passed(report, scenarios)
    assert not report.skipped, "\n".join(report.skipped)


async def test_the_server_passes_just_so_when_it_asks_for_a_token(
    node: Node, guarded_server: int, tmp_path: Path
) -> None:
    def run_through(port: int) -> Report:
        url = f"http://127.0.0.1:{port}/mcp"
        return run_suite(node, "server", MODERN, "--url", url, output=tmp_path)

    async with httpx2.AsyncClient(trust_env=False) as client:
        refused = await client.post(f"http://127.0.0.1:{guarded_server}/mcp", json={})
    assert refused.status_code == 401
    async with bearer_proxy(guarded_server, TOKEN) as port:
        report = await anyio.to_thread.run_sync(run_through, port)
    assert_passed(report, 37)
    assert not report.skipped, "\n".join(report.skipped)


@pytest.mark.parametrize(("revision", "scenarios"), [(MODERN, 32), (HANDSHAKE, 18)])
def test_the_client_passes_every_required_scenario(
    node: Node, client_command: str, revision: str, scenarios: int, tmp_path: Path
) -> None:
    options = ("--command", client_command, "--timeout", str(SCENARIO_TIMEOUT_MS))
    report = run_suite(node, "client", revision, *options, output=tmp_path)
    assert_passed(report, scenarios)
    assert [line for line in report.skipped if not NOT_FOR_A_CLIENT_OF_TOOLS.match(line)] == []
