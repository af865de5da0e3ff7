"""Whoever is faster: the result, its steps and what everybody hears are the same."""

import pytest
from tests.orchestration.moody import TASK, TEAMS, MoodyTeam

pytestmark = pytest.mark.anyio


async def outcome(name: str, seed: int) -> object:
    """All that may be seen of a run in which members are as fast as chance has it."""
    team = MoodyTeam(name, seed)

    result = await team.workflow.run(TASK)

    steps = [
        (each.id, each.member_id, each.round, each.task_id, each.text, each.error, each.counts)
        for each in result.steps
    ]
    assert not any("unexpected" in (each.error or "") for each in result.steps)
    metadata = {name: value for name, value in result.metadata.items() if name != "results"}
    heard = [sorted(each.heard) for each in team.models]
    return result.text, result.ended, result.score, result.usage, metadata, steps, heard


@pytest.mark.parametrize("name", TEAMS)
async def test_it_does_not_matter_who_is_faster(name: str) -> None:
    first = await outcome(name, 0)

    for seed in range(1, 6):
        assert await outcome(name, seed) == first
