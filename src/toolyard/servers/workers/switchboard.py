"""Questions to all workers, and what they have counted together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

import anyio

from toolyard.servers.metrics import COUNTS, Counts, Metrics
from toolyard.servers.workers.messages import Question, Replies, Reply, packed, unpacked
from toolyard.servers.workers.team import ASK_S
from toolyard.servers.workers.worker_process import WorkerProcess

COUNT_S = 2.0
"""How often they are asked for unasked: what a worker counted since is lost when it is killed."""


@dataclass(slots=True, eq=False)
class _Awaited:
    workers: set[WorkerProcess]
    said: dict[WorkerProcess, bytes] = field(default_factory=dict[WorkerProcess, bytes])
    is_complete: anyio.Event = field(default_factory=anyio.Event)

    def discard(self, worker: WorkerProcess) -> None:
        self.workers.discard(worker)
        if not self.workers:
            self.is_complete.set()


class Switchboard:
    """Asks the `workers`; `own` are the counters of what no worker sees."""

    def __init__(self, workers: Mapping[int, WorkerProcess], own: Metrics) -> None:
        self._workers = workers
        self._own = own
        self._numbers = count()
        self._awaited: dict[int, _Awaited] = {}
        self._latest: dict[WorkerProcess, Counts] = {}
        self._retired = Counts()
        """Of workers that are gone: counters never go back."""

    async def answer(self, worker: WorkerProcess, question: Question) -> None:
        """Ask all what one worker wants to know, and tell it what they said."""
        if question.about == COUNTS:
            await self.count()
            said = (packed(self._total()),)
        else:
            said = tuple((await self._ask(question.about, question.details)).values())
        await worker.tell(Replies(question.number, said))

    async def count(self) -> None:
        """Ask all for what they have counted."""
        said = await self._ask(COUNTS, None)
        for worker, counts in said.items():
            if worker.is_ready and (counted := unpacked(counts)) is not None:
                self._latest[worker] = counted

    async def count_now_and_then(self) -> None:
        """Do that for ever."""
        while True:
            await anyio.sleep(COUNT_S)
            await self.count()

    def take(self, worker: WorkerProcess, reply: Reply) -> None:
        """Keep what a worker says, if somebody still waits for it."""
        awaited = self._awaited.get(reply.number)
        if awaited is not None:
            awaited.said[worker] = reply.said
            awaited.discard(worker)

    def forget(self, worker: WorkerProcess) -> None:
        """A worker is gone: nobody waits for it, and what it counted stays."""
        worker.is_ready = False
        for awaited in self._awaited.values():
            awaited.discard(worker)
        counts = self._latest.pop(worker, None)
        if counts is not None:
            counts.in_flight = 0
            self._retired.add(counts)

    def _total(self) -> Counts:
        total = Counts()
        for counts in (self._own.counts(), self._retired, *self._latest.values()):
            total.add(counts)
        return total

    async def _ask(self, about: str, details: object) -> Mapping[WorkerProcess, bytes]:
        number = next(self._numbers)
        asked = [worker for worker in self._workers.values() if worker.is_ready]
        awaited = self._awaited[number] = _Awaited(set(asked))
        try:
            with anyio.move_on_after(ASK_S / 2):
                for worker in asked:
                    await worker.tell(Question(number, about, details))
                if asked:
                    await awaited.is_complete.wait()
        finally:
            del self._awaited[number]
        return awaited.said
