"""Teams of agents in one framework, as a program: each runs it where it is installed.

`python -m benchmarks.team_loops FRAMEWORK` reads lines from its standard input, does what they say,
and prints what came of it, as JSON:

- `turns PATTERN AGENTS SECONDS`: a team of so many works, again and again for so many seconds. CPU
  time and time of a turn, which is one answer of a model.
- `memory PATTERN AGENTS`: what an agent takes when the model is asked for the last time in a run,
  with the making of its team.

In a `round-robin` each agent speaks in turn, twice, having heard all that was said; in `parallel`
all are asked the same at once; in `layers` there are four layers, and each hears the one before.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Mapping

from benchmarks.team_frameworks import FRAMEWORKS, Make, Run
from benchmarks.team_script import ANSWER, PATTERNS, Pattern, Script, heard_by_last, turns_of

_WARM = 8
"""Agents in the team that works before anything is measured."""


class Measured:
    """The teams of one framework, measured as it is told."""

    def __init__(self, make: Make, script: Script) -> None:
        self._make = make
        self._script = script
        self._is_warm = set[Pattern]()
        self._team: tuple[Pattern, int, Run] | None = None
        """The last one only: others would cost garbage collections more."""

    async def turns(self, pattern: Pattern, agents: int, seconds: float) -> Mapping[str, float]:
        """CPU time and time of a turn."""
        if pattern not in self._is_warm:
            await self._made(pattern, _WARM)()
            self._is_warm.add(pattern)
        run = self._made(pattern, agents)
        gc.collect()
        self._script.begin()
        begun, used, times = time.perf_counter(), time.process_time(), 0
        while not times or time.perf_counter() < begun + seconds:
            await run()
            times += 1
        spent, took = time.process_time() - used, time.perf_counter() - begun
        turns = self._turns(times * turns_of(pattern, agents), times)
        return {"cpu_us": spent / turns * 1e6, "wall_us": took / turns * 1e6}

    def _made(self, pattern: Pattern, agents: int) -> Run:
        if self._team is None or self._team[:2] != (pattern, agents):
            self._team = None  # before there is another
            self._team = (pattern, agents, self._make(pattern, agents))
        return self._team[2]

    async def memory(self, pattern: Pattern, agents: int) -> Mapping[str, float]:
        """What an agent takes by the end of a run."""
        taken, heard = list[int](), list[int]()

        def look(request: str) -> None:
            gc.collect()
            taken.append(tracemalloc.get_traced_memory()[0])
            heard.append(request.count(ANSWER))

        self._team = None  # what it is made of counts, too
        self._script.begin(turns_of(pattern, agents), look)
        gc.collect()
        tracemalloc.start()
        await self._make(pattern, agents)()
        tracemalloc.stop()
        self._turns(turns_of(pattern, agents), 1)
        if heard != [expected := heard_by_last(pattern, agents)]:
            raise ValueError(f"The last agent heard {heard} answers, not {expected}.")
        return {"agent_kb": taken[0] / agents / 1000}

    def _turns(self, least: int, runs: int) -> int:
        """How often models were asked; some need one more to end a run."""
        turns = self._script.turns
        if not least <= turns <= least + runs:
            raise ValueError(f"Models were asked {turns} times, not {least}.")
        return turns


async def _serve(framework: str) -> None:
    script = Script()
    async with FRAMEWORKS[framework](script) as make:
        measured = Measured(make, script)
        while line := await asyncio.to_thread(sys.stdin.readline):
            what, pattern, agents, *seconds = line.split()
            team = PATTERNS[pattern], int(agents)
            if what == "turns":
                told = await measured.turns(*team, float(seconds[0]))
            else:
                told = await measured.memory(*team)
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
