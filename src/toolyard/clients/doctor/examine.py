"""The doctor: does to a server what MCP hosts and strangers would do, and says what it found."""

from __future__ import annotations

from collections.abc import Sequence

from toolyard.clients.doctor.examination import Examination
from toolyard.clients.doctor.finding import Finding, OnFinding
from toolyard.clients.doctor.http import examine_http
from toolyard.clients.doctor.stdio import examine_stdio
from toolyard.clients.targets import HttpServer, StdioServer


async def examine(
    target: str | StdioServer,
    *,
    token: str | None = None,
    on_finding: OnFinding | None = None,
    timeout_s: float = 10,
) -> Sequence[Finding]:
    """Examine the server at a URL, or the one that a command starts.

    No tool is run: calls name tools that do not exist, or leave out arguments that a tool's
    schema requires. The token goes to the server itself only, in a header; at a loopback address
    also once in a URL, to see it refused there.

    Args:
        target: A URL such as `http://127.0.0.1:8080/mcp`, or a process to start.
        token: For a URL: what the server knows us by.
        on_finding: Called with each finding as it is made.
        timeout_s: Seconds that each check may take, above 0.

    Raises:
        Unreachable: The server cannot be reached.
        NotAdmitted: It does not let us in.
        ConfigError: `target` is no URL that a server could have.
    """
    examination = Examination(timeout_s, on_finding)
    if isinstance(target, str):
        await examine_http(HttpServer(target, token), examination)
    else:
        await examine_stdio(target, examination)
    return examination.findings
