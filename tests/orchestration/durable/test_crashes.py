"""Runs of all kinds of teams are killed at any point, and go on as if nothing had been."""

from collections.abc import Generator
from pathlib import Path

import pytest
from tests.orchestration.durable.crashes import crashes
from tests.orchestration.durable.crashing import Plan
from tests.orchestration.durable.teams import TEAMS
from tests.support.postgres import Postgres, postgres

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def server() -> Generator[Postgres]:
    with postgres() as running:
        yield running


def test_a_killed_run_of_any_team_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    """Two points of each, and one more for the run that goes on; all are in `soak`."""
    plan = Plan(place=f"{tmp_path}/runs.db", files=str(tmp_path), points=2, twice=True)

    found = list(crashes(plan, timeout_s=100))

    assert [each.team for each in found] == list(TEAMS)
    assert {each.team: each.wrong for each in found if each.wrong} == {}
    assert sum(each.kills for each in found) >= 2 * len(TEAMS)
    assert sum(each.repeated for each in found) > 0
    assert sum(each.in_doubt for each in found) > 0


def test_a_killed_run_goes_on_from_postgres_too(tmp_path: Path, server: Postgres) -> None:
    plan = Plan(place=server.dsn, files=str(tmp_path), points=5)

    (found,) = crashes(plan, "parallel", timeout_s=60)

    assert (found.wrong, found.kills) == ([], 5)
