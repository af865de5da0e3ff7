"""A worker's way to the others, which leads through the process that started them."""

from __future__ import annotations

import logging
import socket
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count
from typing import Any

import anyio
from anyio.abc import TaskGroup

from toolyard.security.rate import MakeLimiter
from toolyard.servers.workers.frames import Frames
from toolyard.servers.workers.messages import (
    CLIENT,
    Closing,
    Left,
    Membership,
    Question,
    Replies,
    Reply,
    Stop,
    packed,
    unpacked,
)

logger = logging.getLogger("toolyard.servers")

ASK_S = 4.0
"""How long an answer of all workers may take; some may say nothing for half as long."""

TakeClient = Callable[[socket.socket, int], None]
TakeRelay = Callable[[socket.socket], Coroutine[Any, Any, None]]
StopServer = Callable[[float | None], Coroutine[Any, Any, None]]


@dataclass(slots=True, eq=False)
class _Asked:
    said: tuple[bytes, ...] = ()
    is_answered: anyio.Event = field(default_factory=anyio.Event)


class Team:
    """Hands a worker its clients, and carries questions between workers.

    Args:
        membership: Which worker this is.
        talk: For messages, both ways.
        hand: For sockets: of clients, from where they are accepted, and of workers to each other.
        limiter: Makes limiters that count with those of the others.
    """

    def __init__(
        self,
        membership: Membership,
        talk: socket.socket,
        hand: socket.socket,
        limiter: MakeLimiter,
    ) -> None:
        self.index, self.url, self.port = membership.index, membership.url, membership.port
        self.limiter = limiter
        self.state_key = blake2b(membership.secret, digest_size=32, person=b"state").digest()
        """Seals what a call remembers between its tries, unless a key is set."""
        self.answers: dict[str, Callable[[Any], object]] = {}
        """What this worker says when it is asked about something."""
        self._talk = Frames(talk)
        hand.setblocking(False)
        self._hand = hand
        self._handing = anyio.Lock()
        self._take_client: TakeClient | None = None
        self._numbers, self._clients = count(), count()
        self._asked: dict[int, _Asked] = {}
        self._due: deque[object] = deque()
        self._is_due = anyio.Event()

    def take_clients(self, take: TakeClient | None) -> None:
        """Have `take` serve clients, each with a number, from now on; `None` stops that."""
        self._take_client = take
        if take is None:
            self.tell(Closing())

    def tell(self, message: object) -> None:
        """Send a message, soon; while `run` runs."""
        self._due.append(message)
        self._is_due.set()

    async def ask(self, about: str, details: object = None) -> list[Any]:
        """What all workers say, this one too; those who say nothing in time are left out."""
        asked, number = _Asked(), next(self._numbers)
        self._asked[number] = asked
        try:
            self.tell(Question(number, about, details))
            with anyio.move_on_after(ASK_S):
                await asked.is_answered.wait()
        finally:
            del self._asked[number]
        return [unpacked(said) for said in asked.said]

    async def reach(self, index: int) -> Frames:
        """The way to another worker; nothing comes from it if there is none."""
        ours, theirs = socket.socketpair()
        with theirs:
            async with self._handing:
                while True:
                    try:
                        socket.send_fds(self._hand, [bytes([index])], [theirs.fileno()])
                    except BlockingIOError:
                        await anyio.wait_writable(self._hand)
                    except OSError:  # the process that started us is gone
                        break
                    else:
                        break
        return Frames(ours)

    async def run(self, stop: StopServer, take_relay: TakeRelay) -> None:
        """Hear the others until cancelled.

        Args:
            stop: Stops the server, as `ToolServer.stop`.
            take_relay: Answers what another worker passes on over a socket.
        """
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._say)
            tasks.start_soon(self._take, take_relay, tasks)
            while (piece := await self._talk.receive()) is not None:
                message = unpacked(piece)
                if isinstance(message, Stop):
                    tasks.start_soon(stop, 0.0 if message.now else None)
                elif isinstance(message, Question):
                    self.tell(Reply(message.number, self._answer(message)))
                elif isinstance(message, Replies) and message.number in self._asked:
                    self._asked[message.number].said = message.said
                    self._asked[message.number].is_answered.set()
            logger.warning("the process that started this worker is gone; the worker ends")
            await stop(None)

    async def _say(self) -> None:
        while True:
            await self._is_due.wait()
            self._is_due = anyio.Event()
            while self._due:
                try:
                    await self._talk.send(packed(self._due.popleft()))
                except OSError:  # nobody hears it
                    self._due.clear()

    def _answer(self, question: Question) -> bytes:
        try:
            return packed(self.answers[question.about](question.details))
        except Exception:  # one question must not end the worker
            logger.exception("a question about %s could not be answered", question.about)
            return packed(None)

    async def _take(self, take_relay: TakeRelay, tasks: TaskGroup) -> None:
        while True:
            try:
                kind, descriptors, _, _ = socket.recv_fds(self._hand, 1, 1)
            except BlockingIOError:
                await anyio.wait_readable(self._hand)
                continue
            except OSError:
                return
            if not kind:
                return
            taken = socket.socket(fileno=descriptors[0]) if descriptors else None
            if kind == CLIENT:
                self._pass_in(taken)
            elif taken is not None:
                tasks.start_soon(take_relay, taken)

    def _pass_in(self, taken: socket.socket | None) -> None:
        number = next(self._clients)
        if taken is not None and self._take_client is not None:
            self._take_client(taken, number)
            return
        if taken is not None:  # it came while the worker was stopping
            taken.close()
        self.tell(Left(number))
