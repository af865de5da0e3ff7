"""Says what a server serves that is one of several workers."""

from __future__ import annotations

from toolyard.servers.builder import MCPServerBuilder
from toolyard.servers.workers.team import Team


class WorkerBuilder(MCPServerBuilder):
    """As `MCPServerBuilder`, for a member of `team`: from there come the clients."""

    def __init__(self, name: str, team: Team) -> None:
        super().__init__(name)
        self._team = team
