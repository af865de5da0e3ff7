"""Where a worker's clients come in: they are accepted elsewhere, and handed to it."""

from __future__ import annotations

import socket

from toolyard.servers.entrance import Entrance
from toolyard.servers.limits import Limits
from toolyard.servers.turnstile import OnCut, Turnstile
from toolyard.servers.workers.messages import Left
from toolyard.servers.workers.team import Team


class HandedDoor:
    """Shows the clients that a worker is handed to its `entrance`."""

    def __init__(self, team: Team, entrance: Entrance) -> None:
        self._team = team
        self._entrance = entrance
        self._is_closed = False
        team.take_clients(self._take)

    def _take(self, accepted: socket.socket, number: int) -> None:
        self._entrance.let_in(accepted, str(number))

    def close(self) -> None:
        """Take no more, and give up the handshakes under way."""
        if not self._is_closed:
            self._is_closed = True
            self._team.take_clients(None)
            self._entrance.close()

    async def wait_closed(self) -> None:
        """Return when all that is done."""
        await self._entrance.wait_closed()


class HandedTurnstile(Turnstile):
    """Counts nothing: who accepts the connections of all workers does, and is told who left."""

    def __init__(self, limits: Limits, on_cut: OnCut, team: Team) -> None:
        super().__init__(limits, on_cut)
        self._team = team

    def admit(self, address: str | None) -> str | None:
        """Nobody: all who come here were admitted before."""
        del address

    def leave(self, holder: str | None) -> None:
        """Tell that a client, by its number, is gone."""
        if holder is not None:
            self._team.tell(Left(int(holder)))
