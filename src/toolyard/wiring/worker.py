"""One worker: a server of the same settings as the others', on clients that it is handed."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Self, cast

import anyio

from toolyard.config.origin import Edition, Origin
from toolyard.config.settings import Settings
from toolyard.core.background import Background
from toolyard.core.context import Event
from toolyard.core.errors import ToolyardError
from toolyard.core.groups import first_of
from toolyard.events.log import LOGGED, log_event
from toolyard.events.types import MountChanged, ServerStarted, SettingsRead
from toolyard.security.shared_rate import RateTable
from toolyard.servers.workers.frames import first_piece, framed
from toolyard.servers.workers.messages import (
    Applied,
    Failed,
    Membership,
    Ready,
    packed,
    unpacked,
)
from toolyard.servers.workers.team import Team
from toolyard.wiring.reloading import Reloading
from toolyard.wiring.serving import Gateway, gateway_of, leave_blocked_threads, serve_following

logger = logging.getLogger("toolyard.wiring")

FAREWELL_S = 20.0
"""How long a worker may outlive who started it, beyond the time that its calls have."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is to be."""

    membership: Membership
    settings: Settings
    origin: Origin
    edition: Edition
    latest: Edition | None
    """What other workers have applied since."""
    log_level: int
    is_speaker: bool
    """Whether it says what all workers would say."""


@dataclass(frozen=True, slots=True)
class Channels:
    """The ways to the process that started the worker."""

    talk: socket.socket
    hand: socket.socket
    life: int
    """At its end when that process is gone."""
    memory: int
    """Of the rate limits."""

    @classmethod
    def of(cls, descriptors: Iterable[int]) -> Self:
        """The channels that were inherited; no process that this one starts inherits them."""
        talk, hand, life, memory = descriptors
        for descriptor in (talk, hand, life, memory):
            os.set_inheritable(descriptor, False)
        return cls(socket.socket(fileno=talk), socket.socket(fileno=hand), life, memory)

    def order(self) -> Order:
        """What the worker is told first."""
        return cast("Order", unpacked(first_piece(self.talk)))

    def tell(self, message: object) -> None:
        """Send a message, where no event loop runs."""
        self.talk.setblocking(True)
        self.talk.sendall(framed(packed(message)))


def work(order: Order, channels: Channels) -> int:
    """Be the worker that is ordered, until told to end; gives the exit code."""
    ending = (channels.life, order.settings.drain_s + FAREWELL_S)
    threading.Thread(target=_end_with_parent, args=ending, daemon=True).start()
    code = 0
    try:
        _serve(order, channels)
    except* ToolyardError as group:
        channels.tell(Failed(str(first_of(group))))
        code = 2
    return code


def _serve(order: Order, channels: Channels) -> None:
    rates = RateTable(channels.memory, order.membership.secret)
    team = Team(order.membership, channels.talk, channels.hand, rates.limiter)
    if not order.is_speaker:
        logging.disable(logging.WARNING)  # the same as another one says
    gateway = gateway_of(order.settings, [(_logging(order), LOGGED)], team)
    logging.disable(logging.NOTSET)
    emit = _logging(order)
    reloading = Reloading(
        order.origin,
        order.edition,
        gateway.yard,
        emit,
        lambda edition: team.tell(Applied(edition)),
    )
    serve = partial(_serve_in_team, order, gateway, reloading, team)
    anyio.run(serve, backend_options={"use_uvloop": True})
    leave_blocked_threads()


async def _serve_in_team(order: Order, gateway: Gateway, reloading: Reloading, team: Team) -> None:
    async with Background() as tasks:
        tasks.start_soon(_join, order, gateway, reloading, team)
        await serve_following(gateway, reloading)


async def _join(order: Order, gateway: Gateway, reloading: Reloading, team: Team) -> None:
    """Take clients once the server has started, and is as the others are."""
    await gateway.server.started.wait()
    if order.latest is not None:
        try:
            await reloading.catch_up(order.latest)
        except ToolyardError as error:
            logger.error("an edit that other workers have applied is not applied here: %s", error)
    team.tell(Ready())


def _logging(order: Order) -> Callable[[Event], None]:
    """Logs events; of those that all workers have alike, one speaks for all."""
    index = order.membership.index

    def log(event: Event) -> None:
        is_alike = isinstance(event, SettingsRead) or (
            isinstance(event, MountChanged) and event.error is None
        )
        if isinstance(event, ServerStarted) or (is_alike and index):
            return
        log_event(event)

    return log


def _end_with_parent(life: int, grace_s: float) -> None:
    """End the process some time after its parent, even if the event loop hangs."""
    while os.read(life, 1):
        pass
    time.sleep(grace_s)
    os._exit(1)
