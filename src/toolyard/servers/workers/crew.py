"""Starts workers, replaces those that end, and ends all when it is told to."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import anyio
from anyio.abc import TaskGroup, TaskStatus

from toolyard.core.background import Background
from toolyard.core.context import EventHandler
from toolyard.core.errors import ConfigError
from toolyard.events.types import ConnectionCut, ServerStarted
from toolyard.security.refusal import Reason
from toolyard.servers.limits import Limits
from toolyard.servers.metrics import Metrics
from toolyard.servers.turnstile import Turnstile
from toolyard.servers.workers.doorman import Doorman
from toolyard.servers.workers.messages import (
    Applied,
    Closing,
    Failed,
    Left,
    Question,
    Ready,
    Reply,
    Stop,
)
from toolyard.servers.workers.switchboard import Switchboard
from toolyard.servers.workers.worker_process import WorkerProcess

logger = logging.getLogger("toolyard.servers")

STEADY_S = 30.0
"""A worker that served so long is replaced at once; others after a pause, longer each time."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 30.0
FAREWELL_S = 20.0
"""How long a worker may take to end beyond the time that its calls have."""
LAST_WORDS_S = 1.0
"""How long is listened to what a worker said before it ended."""

MakeOrder = Callable[[int, Any, bool], object]
"""What a worker is told first: made of its index, the settings that others have applied last, and
whether the server is only starting."""


@dataclass(frozen=True, slots=True)
class CrewPlan:
    """What workers are made of."""

    name: str
    url: str
    count: int
    program: Sequence[str]
    order: MakeOrder
    memory: int
    limits: Limits
    drain_s: float
    emit: EventHandler


class Crew:
    """Workers that serve what comes in at `listener`, from `serve` until a signal."""

    def __init__(self, plan: CrewPlan, listener: socket.socket) -> None:
        self._plan = plan
        self._listener = listener
        self._workers: dict[int, WorkerProcess] = {}
        self._metrics = Metrics(lambda: 0)
        self._switchboard = Switchboard(self._workers, self._metrics)
        self._doorman = Doorman(
            listener, Turnstile(plan.limits, self._on_cut), self._workers.values
        )
        self._latest: Any = None
        self._failure: str | None = None
        self._is_serving = False
        self._kept = 0
        self._settled = anyio.Event()
        """Set when all workers are ready, or one cannot be, or all have to end."""
        self._stopping = anyio.Event()
        self._ended = anyio.Event()

    def _on_cut(self, reason: Reason, address: str | None) -> None:
        self._metrics.refused(reason)
        self._plan.emit(ConnectionCut(reason, address))

    async def serve(self) -> None:
        """Serve until the process is told to end, then drain; a second signal ends it at once.

        Raises:
            ConfigError: A worker cannot start; the text is what it said.
        """
        async with Background() as tasks:
            await tasks.start(self._stop_on_signal)
            self._kept = self._plan.count
            for index in range(self._plan.count):
                tasks.start_soon(self._keep, index)
            await self._settled.wait()
            if not self._stopping.is_set():
                await self._attend()
            await self._ended.wait()
        if self._failure is not None:
            raise ConfigError(self._failure)

    async def _attend(self) -> None:
        self._is_serving = True
        self._plan.emit(ServerStarted(self._plan.name, self._plan.url))
        async with Background() as attending:
            attending.start_soon(self._doorman.run)
            attending.start_soon(self._switchboard.count_now_and_then)
            await self._stopping.wait()
        self._listener.close()

    async def _stop_on_signal(self, *, task_status: TaskStatus[None]) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            task_status.started()
            async with anyio.create_task_group() as ending:
                async for _ in signals:
                    is_first = not self._stopping.is_set()
                    self._stop()
                    for worker in tuple(self._workers.values()):
                        ending.start_soon(_end, worker, not is_first)
                    if is_first:
                        ending.start_soon(self._kill_late)

    def _stop(self) -> None:
        self._stopping.set()
        self._settled.set()

    async def _kill_late(self) -> None:
        await anyio.sleep(self._plan.drain_s + FAREWELL_S)
        for worker in self._workers.values():
            logger.error("worker %d does not end, and is killed", worker.index)
            worker.kill()

    async def _keep(self, index: int) -> None:
        """Have a worker of this index until the end."""
        pause_s = 0.0
        while not self._stopping.is_set():
            began = anyio.current_time()
            ended = await self._one(index)
            if self._stopping.is_set():
                break
            if not self._is_serving:
                self._give_up()
                break
            is_steady = anyio.current_time() - began > STEADY_S
            pause_s = 0.0 if is_steady else min(max(2 * pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)
            logger.warning("worker %d %s; another is started", index, ended)
            with anyio.move_on_after(pause_s):
                await self._stopping.wait()
        self._kept -= 1
        if not self._kept:
            self._ended.set()

    def _give_up(self) -> None:
        """The first workers cannot start: neither would others."""
        if self._failure is None:
            self._failure = "A worker ended while it started; what it said stands above."
        self._stop()
        for worker in self._workers.values():
            worker.terminate()

    async def _one(self, index: int) -> str:
        """Have one worker until it ends; how it did."""
        plan = self._plan
        order = plan.order(index, self._latest, not self._is_serving)
        try:
            worker = await WorkerProcess.started(index, plan.program, plan.memory, order)
        except OSError as error:
            return f"could not be started ({error.strerror or type(error).__name__})"
        self._workers[index] = worker
        try:
            async with Background() as tasks:
                heard = anyio.Event()
                tasks.start_soon(self._hear, worker, tasks, heard)
                tasks.start_soon(self._connect, worker)
                if self._stopping.is_set():  # told to end while it was being started
                    worker.terminate()
                code = await worker.ended()
                with anyio.move_on_after(LAST_WORDS_S):
                    await heard.wait()
        finally:
            del self._workers[index]
            self._switchboard.forget(worker)
            self._doorman.all_left(worker)
            await worker.close()
        return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"

    async def _hear(self, worker: WorkerProcess, tasks: TaskGroup, heard: anyio.Event) -> None:
        while (message := await worker.hear()) is not None:
            match message:
                case Left(number):
                    self._doorman.left(worker, number)
                case Reply():
                    self._switchboard.take(worker, message)
                case Question():
                    tasks.start_soon(self._switchboard.answer, worker, message)
                case _:
                    self._note(worker, message)
        heard.set()

    def _note(self, worker: WorkerProcess, message: object) -> None:
        match message:
            case Ready():
                worker.is_ready = worker.is_open = True
                self._note_ready()
            case Closing():
                worker.is_open = False
            case Applied(edition):
                self._latest = edition
            case Failed(text):
                self._note_failure(worker, text)
            case _:
                pass

    def _note_ready(self) -> None:
        if sum(worker.is_ready for worker in self._workers.values()) == self._plan.count:
            self._settled.set()

    def _note_failure(self, worker: WorkerProcess, text: str) -> None:
        if self._is_serving:
            logger.error("worker %d cannot start: %s", worker.index, text)
        elif self._failure is None:
            self._failure = text

    async def _connect(self, worker: WorkerProcess) -> None:
        """Hand on the sockets over which a worker wants to reach others."""
        while (wanted := await worker.wanted_relay()) is not None:
            index, connection = wanted
            with connection:
                other = self._workers.get(index)
                if other is not None and other.is_ready:
                    other.hand_relay(connection)


async def _end(worker: WorkerProcess, now: bool) -> None:
    if worker.is_ready:
        await worker.tell(Stop(now))
    else:
        worker.terminate()
