"""Several processes on one pool, with no coordinator: each item is done once."""

from pathlib import Path

from tests.orchestration.work.workers import Workers


async def test_killed_workers_lose_no_item_and_do_none_twice(place: str, tmp_path: Path) -> None:
    """4 processes here, and 64 in `soak`."""
    audits = tmp_path / "audits"
    audits.mkdir()
    workers = Workers(place, 200, audits, seed=5)
    await workers.fill()
    workers.run(4, kills=3, timeout_s=40, pause_s=(0.3, 0.6))
    assert workers.kills >= 1
    await workers.assert_each_was_completed_once()
