"""Many worker processes on one store, some killed at random, and what they did."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.process import ROOT

from toolyard import Memory
from toolyard.storage.opening import store_at

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
WORKER = Path(__file__).with_name("claiming.py")
COUNTER = Path(__file__).with_name("counting.py")


def counted(place: str, size: int, times: int) -> list[float]:
    """How long each step took of `size` processes that add to one number `times` times each."""
    command = [sys.executable, str(COUNTER), place, str(times)]
    pipe = subprocess.PIPE
    started = [subprocess.Popen(command, stdout=pipe, env=ENVIRONMENT) for _ in range(size)]
    took: list[float] = []
    for counter in started:
        said, _ = counter.communicate(timeout=300)
        assert counter.returncode == 0
        took += map(float, said.split())
    return sorted(took)


@dataclass
class Team:
    """Workers with a name each; a killed one is replaced by one with a new name."""

    place: str
    tasks: int
    directory: Path
    seed: int
    program: Path = WORKER
    """What each worker runs."""
    started: int = 0
    kills: int = 0
    restarts: int = 0
    workers: "list[subprocess.Popen[bytes]]" = field(
        default_factory=list["subprocess.Popen[bytes]"]
    )

    def hire(self) -> None:
        """Start one more worker."""
        owner = f"w{self.started}"
        self.started += 1
        command = [sys.executable, str(self.program), self.place, str(self.tasks), owner]
        self.workers.append(
            subprocess.Popen([*command, str(self.directory / owner)], env=ENVIRONMENT)
        )

    def run(
        self,
        size: int,
        *,
        kills: int,
        timeout_s: float,
        pause_s: tuple[float, float],
        restart: Callable[[], None] | None = None,
    ) -> None:
        """Let `size` workers do everything, killing one now and then, or restarting the store."""
        chance, deadline = random.Random(self.seed), time.monotonic() + timeout_s
        print(f"seed {self.seed}")
        try:
            for _ in range(size):
                self.hire()
            while self._are_working():
                if time.monotonic() > deadline:
                    raise TimeoutError("The tasks were not done in time.")
                time.sleep(chance.uniform(*pause_s))
                if self.kills < kills:
                    self._kill(chance)
                if restart is not None and self._are_working():
                    restart()
                    self.restarts += 1
        finally:
            for worker in self.workers:
                worker.kill()
                worker.wait(10)

    def _are_working(self) -> bool:
        failed = [w.returncode for w in self.workers if w.poll() not in (None, 0, -9)]
        assert not failed, failed
        return any(worker.poll() is None for worker in self.workers)

    def _kill(self, chance: random.Random) -> None:
        alive = [worker for worker in self.workers if worker.poll() is None]
        if alive:
            victim = chance.choice(alive)
            victim.kill()
            victim.wait(10)
            self.kills += victim.returncode == -9
            self.hire()

    async def results(self) -> dict[str, str]:
        """What is at each task in the end: who completed it and with which fencing number."""
        found = dict[str, str]()
        async with Memory(store_at(self.place), namespace="soak") as memory:
            for number in range(self.tasks):
                item = await memory.get(f"task:{number}")
                if item is not None and not item.is_claim:
                    found[f"task:{number}"] = item.value
        return found

    async def assert_each_was_completed_once(self) -> None:
        """None is lost, none was completed twice, and no fencing number was given twice."""
        results = await self.results()
        assert len(results) == self.tasks
        versions = Counter(value.split()[1] for value in results.values())
        assert max(versions.values()) == 1
        noted = [line.split(maxsplit=1) for line in self._histories()]
        assert max(Counter(task for task, _ in noted).values()) == 1
        assert all(results[task] == result for task, result in noted)
        assert len(noted) >= self.tasks - self.kills  # a killed one may not have noted its last

    def _histories(self) -> list[str]:
        """The whole lines that workers wrote."""
        return [
            line.rstrip()
            for file in self.directory.iterdir()
            for line in file.read_text().splitlines(keepends=True)
            if line.endswith("\n")
        ]
