"""`python crashing.py TEAM...`, told the rest by JSON on its standard input: kills and compares.

It has no thread and no event loop of its own, so that it may fork: each run is a child of its own
that finds all modules loaded. One line of JSON is written for each team, as a `Tried`.
"""

import gc
import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from typing import Any

import anyio
from tests.orchestration.durable.crew import Audit, Crew
from tests.orchestration.durable.killing import KilledJournal, Points
from tests.orchestration.durable.teams import TASK, TEAMS, UNORDERED

from toolyard.orchestration.workflow_result import WorkflowResult
from toolyard.storage.journal.journal import DurableJournal, StepRecord
from toolyard.storage.journal.postgres_journal import PostgresJournal
from toolyard.storage.journal.sqlite_journal import SqliteJournal

PRELOADED = ("anyio.", "jsonschema_rs", "psycopg", "pydantic", "toolyard.")
RUN_S = 30.0
"""How long one run may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be tried."""

    place: str
    """A file of SQLite, or the URL of PostgreSQL."""
    files: str
    """A folder for what the children say."""
    points: int = 0
    """At so many points is each team killed; at all if 0."""
    twice: bool = False
    """Whether the run that goes on is killed as well, somewhere."""
    seed: int = 8


@dataclass(slots=True, kw_only=True)
class Tried:
    """What came of one team."""

    team: str
    points: int
    """How many there are."""
    kills: int = 0
    repeated: int = 0
    """Calls that were made once more, all of them flagged."""
    in_doubt: int = 0
    """Tools that were not run again."""
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list[str])


def journal_of(place: str) -> DurableJournal:
    if place.startswith("postgresql:"):
        return PostgresJournal(place, schema="crashing")
    return SqliteJournal(place)


def shown(result: WorkflowResult[Any], *, is_ordered: bool) -> dict[str, Any]:
    """All of a result that must be the same however often it was interrupted."""
    steps = [[each.id, each.member_name, each.text, each.error] for each in result.steps]
    return {
        "text": result.text,
        "output": repr(result.output),
        "status": result.status,
        "ended": result.ended,
        "score": result.score,
        "rounds": result.rounds,
        "usage": asdict(result.usage),
        "turns": result.turns,
        "tool_calls": result.tool_calls,
        "steps": steps if is_ordered else sorted(steps),
    }


class Trial:
    """One run of one team, in as many processes as it takes."""

    def __init__(self, plan: Plan, team: str) -> None:
        self._plan = plan
        self._team = team
        self._run_id = f"{team}-{token_hex(6)}"
        self._files = Path(plan.files) / self._run_id
        self._files.mkdir()
        self.kills = 0

    def go(self, kill_at: int = 0) -> bool:
        """Begin the run or go on with it in a child; whether it came to its end."""
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                anyio.run(self._work, kill_at)
                code = 0
            except BaseException as error:
                (self._files / "error").write_text(repr(error))
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            self.kills += 1
            return False
        if os.WEXITSTATUS(status):
            raise RuntimeError((self._files / "error").read_text())
        return True

    async def _work(self, kill_at: int) -> None:
        points = Points(kill_at)
        crew = Crew(Audit(self._files / "audit"))
        team = TEAMS[self._team](crew)
        with anyio.fail_after(RUN_S):
            async with journal_of(self._plan.place) as journal, crew:
                before = await self._steps(journal)
                kept = KilledJournal(journal, points)
                result = await team.run(TASK, durable=kept, run_id=self._run_id)
                said = {
                    "result": shown(result, is_ordered=self._team not in UNORDERED),
                    "points": points.count,
                    "modules": [each for each in sys.modules if each.startswith(PRELOADED)],
                    "begun": [
                        [*each.path, each.name, each.n] for each in before if each.state == "intent"
                    ],
                    "steps": [_brief(each) for each in await journal.steps(self._run_id)],
                }
        (self._files / "said").write_text(json.dumps(said))

    async def _steps(self, journal: DurableJournal) -> Sequence[StepRecord]:
        known = {each.run_id for each in await journal.runs()}
        return await journal.steps(self._run_id) if self._run_id in known else []

    @property
    def said(self) -> dict[str, Any]:
        return json.loads((self._files / "said").read_text())

    @property
    def audit(self) -> Sequence[tuple[str, ...]]:
        """What was really done."""
        try:
            lines = (self._files / "audit").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [tuple(json.loads(each)) for each in lines]


def _brief(step: StepRecord) -> dict[str, Any]:
    return {
        "key": [*step.path, step.name, step.n],
        "kind": step.kind,
        "name": step.name,
        "state": step.state,
        "attempts": step.attempts,
        "is_flagged": step.is_flagged,
    }


class Comparison:
    """A run that was interrupted beside the one that was not."""

    def __init__(self, whole: Trial, killed: Trial) -> None:
        self._kills = killed.kills
        self._whole, self._said = whole.said, killed.said
        self._before = Counter(each[:3] for each in whole.audit)
        self._after = Counter(each[:3] for each in killed.audit)
        self._told = sum(each[3] != "" for each in killed.audit if each[0] == "model")
        self._flagged = [each for each in self._said["steps"] if each["is_flagged"]]
        self.doubts = [each for each in self._flagged if each["state"] == "intent"]
        self.repeated = self._after.total() - (self._before & self._after).total()

    def wrong(self) -> Sequence[str]:
        """What is not as promised."""
        checks = (self._results, self._calls, self._unsafe, self._in_flight, self._whole_run)
        return [text for check in checks for text in check()]

    def _results(self) -> Sequence[str]:
        whole, said = self._whole["result"], self._said["result"]
        return [
            f"{name}: {whole[name]!r} became {said[name]!r}"
            for name in whole
            if whole[name] != said[name]
        ]

    def _calls(self) -> Sequence[str]:
        """No call is made that is not in the whole run, and none again that is not flagged."""
        strange = self._after.keys() - self._before.keys()
        found = [f"{each} was done only now" for each in strange]
        for does in ("model", "look", "put", "call"):
            more = sum(n - 1 for each, n in self._after.items() if each[0] == does and n > 1)
            more -= sum(n - 1 for each, n in self._before.items() if each[0] == does and n > 1)
            allowed = [each for each in self._flagged if does in (each["kind"], each["name"])]
            if more > sum(each["attempts"] - 1 for each in allowed):
                found.append(f"{does} was done {more} times too often; flagged: {allowed}")
        return found

    def _unsafe(self) -> Sequence[str]:
        """What must not be done twice is not, and whoever asked for it is told."""
        found = [
            f"{each} was done {n} times"
            for each, n in self._after.items()
            if each[0] == "pay" and n > self._before[each]
        ]
        if self.doubts and not self._told:
            found.append("no model was told of the doubt")
        missing = sum(n for each, n in (self._before - self._after).items() if each[0] == "pay")
        if missing > len(self.doubts):
            found.append(f"{missing} payments are missing, with {len(self.doubts)} in doubt")
        return found

    def _in_flight(self) -> Sequence[str]:
        """What was in flight is flagged, and each time no more than one call of each agent."""
        flagged = {str(each["key"]) for each in self._flagged}
        begun = [str(each) for each in self._said["begun"] if str(each) not in flagged]
        models = (each["key"] for each in self._flagged if each["kind"] == "model")
        several = [
            f"{count} calls of a model were in flight at {place}"
            for place, count in Counter(tuple(each[:-2]) for each in models).items()
            if count > self._kills
        ]
        return [*several, *(f"{each} was in flight and is not flagged" for each in begun)]

    def _whole_run(self) -> Sequence[str]:
        keys = [
            sorted(str(each["key"]) for each in said["steps"]) for said in (self._whole, self._said)
        ]
        return [] if keys[0] == keys[1] else ["it has other steps than the whole run"]


def tried(plan: Plan, team: str) -> Tried:
    """Kill one team at all points, or some, and go on with it each time."""
    began, dice = time.monotonic(), random.Random(f"{plan.seed} {team}")
    whole = Trial(plan, team)
    whole.go()
    for name in whole.said["modules"]:  # so that not each child has to load them
        import_module(name)
    count = whole.said["points"]
    at = range(1, count + 1)
    found = Tried(team=team, points=count)
    for point in sorted(dice.sample(at, min(count, plan.points))) if plan.points else at:
        trial = Trial(plan, team)
        try:
            if trial.go(point):
                found.wrong.append(f"at {point}: it was not killed")
                continue
            if plan.twice:
                trial.go(dice.randint(1, count))
            trial.go()
        except RuntimeError as error:
            found.wrong.append(f"at {point}: {error}")
            continue
        found.kills += trial.kills
        compared = Comparison(whole, trial)
        found.repeated += compared.repeated
        found.in_doubt += len(compared.doubts)
        found.wrong += [f"at {point}: {each}" for each in compared.wrong()]
    found.seconds = round(time.monotonic() - began, 2)
    return found


def main() -> None:
    plan = Plan(**json.load(sys.stdin))
    gc.freeze()
    for team in sys.argv[1:] or TEAMS:
        print(json.dumps(asdict(tried(plan, team))), flush=True)


if __name__ == "__main__":
    main()
