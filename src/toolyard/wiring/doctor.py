"""An examination of whatever a command line means by TARGET."""

from __future__ import annotations

from collections.abc import Sequence

from toolyard.clients.doctor.examine import examine
from toolyard.clients.doctor.finding import Finding as Finding
from toolyard.clients.doctor.finding import OnFinding
from toolyard.clients.targets import StdioServer
from toolyard.config.settings import Settings
from toolyard.config.target import command_in, is_url
from toolyard.core.errors import ConfigError
from toolyard.wiring.sources import configured, process_of, token_of


async def examine_target(
    target: str,
    token: str | None,
    on_finding: OnFinding,
    timeout_s: float,
    settings: Settings | None = None,
) -> Sequence[Finding]:
    """What an examination of the server that `target` means finds.

    Raises:
        ConfigError: It is not a server, or none that an examination could reach.
        Unreachable: The server cannot be reached, or does not let us in.
    """
    server, own = _server(target, settings)
    return await examine(server, token=own or token, on_finding=on_finding, timeout_s=timeout_s)


def _server(target: str, settings: Settings | None) -> tuple[str | StdioServer, str | None]:
    """The server, and the token that is configured for it."""
    command = command_in(target)
    if command is not None:
        return StdioServer(command), None
    if is_url(target):
        return target, None
    table = configured(target, settings)
    if table.command is not None:
        return process_of(table), None
    if table.url is None:
        raise ConfigError(
            f'{target!r} is not a server of its own: examine "stdio:toolyard serve {table.kind} '
            '--stdio".'
        )
    if table.headers:
        raise ConfigError(f"The doctor sends a token, not headers such as {target!r} has.")
    return table.url, token_of(target, table)
