"""Runs of all kinds of teams, killed before and after each change of their journal."""

import random
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.progress import Progress
from tests.orchestration.durable.crashes import crashes
from tests.orchestration.durable.crashing import Plan
from tests.orchestration.durable.teams import TEAMS
from tests.support.postgres import postgres

from soak.test_server import TIMES

MOST_S = 3_600 * max(1, TIMES)

pytestmark = pytest.mark.timeout(MOST_S)


@contextmanager
def sqlite(directory: Path) -> Generator[str]:
    yield f"{directory}/runs.db"


@contextmanager
def in_postgres(directory: Path) -> Generator[str]:
    del directory
    with postgres() as server:
        yield server.dsn


PLACES = {"sqlite": sqlite, "postgres": in_postgres}


@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
@pytest.mark.parametrize("where", PLACES)
def test_a_run_killed_anywhere_goes_on_as_if_nothing_had_been(
    tmp_path: Path, where: str, twice: bool
) -> None:
    """All points of all teams; `twice` has the run that goes on killed somewhere, too."""
    wrong, kills, repeated, in_doubt = dict[str, list[str]](), 0, 0, 0
    with PLACES[where](tmp_path) as place, Progress() as progress:
        line = progress.add_task(where, total=len(TEAMS))
        seed = random.randrange(1_000_000)
        plan = Plan(place=place, files=str(tmp_path), twice=twice, seed=seed)
        for each in crashes(plan, timeout_s=MOST_S):
            kills, repeated = kills + each.kills, repeated + each.repeated
            in_doubt += each.in_doubt
            wrong |= {each.team: each.wrong} if each.wrong else {}
            progress.update(line, advance=1, description=f"{where}, {kills} killed")
    print(f"\n{where}: {kills} runs killed, {repeated} calls made once more, ", end="")
    print(f"{in_doubt} tools in doubt; seed {seed}")
    assert wrong == {}
