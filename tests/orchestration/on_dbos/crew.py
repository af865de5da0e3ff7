"""Teams whose members say what only they can say, and a program that does runs of them.

`python crew.py URL LOG WORKERS [KILL_AT]` does one run of each team at once and prints what came
of them as JSON; or with `serve` as its fifth word only works for others until it is ended. Each
request to a model is a line in LOG. It kills itself before the answer number KILL_AT is kept.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import anyio

from toolyard.agents.agent import Agent
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.orchestration.member import member_of
from toolyard.orchestration.on_dbos.dbos_runs import DbosRuns
from toolyard.orchestration.presets.debate import Debate
from toolyard.orchestration.presets.parallel import Parallel
from toolyard.orchestration.presets.pipeline import Pipeline
from toolyard.orchestration.workflow import Workflow


class Crew:
    """Makes the teams; what their models are asked is written to a file."""

    def __init__(self, log: Path, kill_at: int | None = None) -> None:
        self.log = log
        self._kill_at = kill_at
        self._asked = 0

    def teams(self) -> Sequence[Workflow]:
        agents = self.agents
        return (
            Parallel(agents("Ann", "Bob", "Cid"), rounds=2, name="parallel"),
            Debate(agents("Dan", "Eve"), max_rounds=2, convergence_threshold=None, name="debate"),
            Pipeline(agents("Fay", "Gus", "Hal"), name="pipeline"),
            Parallel(
                [
                    Pipeline(agents("Ida", "Jon"), name="inner"),
                    Debate(agents("Kim", "Lea"), max_rounds=1, name="inner debate"),
                    replace(member_of(length), is_repeatable=True),
                ],
                name="nested",
            ),
        )

    def agents(self, *names: str) -> list[Agent]:
        return [Agent(each, _Voice(each, self)) for each in names]

    async def asked(self, line: str) -> None:
        self._asked += 1
        number = self._asked
        with self.log.open("a") as log:
            log.write(f"{os.getpid()} {line}\n")
        await anyio.sleep(0.03)  # so that others are in flight too
        if number == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


class _Voice:
    """Says its name and a digest of all that it heard."""

    def __init__(self, name: str, crew: Crew) -> None:
        self._name = name
        self._crew = crew

    async def reply(self, request: ChatRequest) -> Reply:
        heard = "\n".join(f"{each.role}: {each.text}" for each in request.messages)
        said = f"{self._name} {sha256(heard.encode()).hexdigest()[:8]}"
        await self._crew.asked(said)
        return Reply.of(said)


def length(task: str) -> int:
    """How long a task is."""
    return len(task)


async def main(url: str, log: str, workers: str, kill_at: str = "", serve: str = "") -> None:
    crew = Crew(Path(log), int(kill_at) if kill_at else None)
    teams = crew.teams()
    found = dict[str, str]()

    async def do(team: Workflow) -> None:
        found[team.id] = (await team.run("Go.", durable="dbos", run_id=f"run-{team.id}")).text

    async with DbosRuns(teams, url=url, queue_workers=int(workers)):
        if serve:
            print("serving", flush=True)
            await anyio.sleep_forever()
        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                for team in teams:
                    tasks.start_soon(do, team)
    print(json.dumps(found, sort_keys=True))


if __name__ == "__main__":
    anyio.run(partial(main, *sys.argv[1:]))
