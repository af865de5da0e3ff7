"""A thread that does calls, and what the end of the process waits for."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from threading import Lock, Thread

IDLE_S = 10.0
"""How long a thread waits for another call before it ends."""


class WorkerThread(Thread):
    """A thread that does not keep the process from ending while it waits for work."""

    def __init__(self, work: Callable[[WorkerThread], None]) -> None:
        super().__init__(target=work, args=(self,), name="toolyard worker", daemon=True)
        self.is_idle = False
        self.idle_s = IDLE_S
        self._alarm = Lock()
        self._alarm.acquire()

    def wake(self) -> None:
        """End its wait; once for each."""
        self._alarm.release()

    def wait(self) -> bool:
        """In this thread: wait until somebody wakes it; `False` if that does not happen in time."""
        return self._alarm.acquire(timeout=self.idle_s)

    def wait_on(self) -> None:
        """In this thread: wait for one who is just about to wake it."""
        self._alarm.acquire()


def busy_threads() -> list[Thread]:
    """Threads in which functions still run; from now on each ends with its function."""
    threads = [each for each in threading.enumerate() if isinstance(each, WorkerThread)]
    for each in threads:
        each.idle_s = 0.0
    return [each for each in threads if not each.is_idle]


@atexit.register
def _wait_for_functions() -> None:
    """As Python does for other threads: what a function writes, it writes to its end."""
    for each in busy_threads():
        each.join()
