"""What members that join a team can be told; what they do there is shown with the team."""

from collections.abc import AsyncGenerator
from typing import Any

import anyio
import pytest
from tests.support.teams import Player

from toolyard.core.errors import ConfigError, ModelUnreachable
from toolyard.orchestration.presets.team_worker import TeamWorker
from toolyard.orchestration.work.item import WorkItem
from toolyard.orchestration.work.pool import WorkPool
from toolyard.storage.memory_store import MemoryStore

pytestmark = pytest.mark.anyio

ONE = [WorkItem("a", "First")]


@pytest.fixture
async def store() -> AsyncGenerator[MemoryStore]:
    async with MemoryStore() as store:
        yield store


async def test_they_begin_only_so_many_items_and_remember_them_if_they_are_to(
    store: MemoryStore,
) -> None:
    await WorkPool(store, "pool").add([WorkItem(f"i{at}") for at in range(3)])
    bob = Player("Bob", "one", "two", "three")

    worker = TeamWorker("pool", [bob.agent], store=store, remember=True, max_iterations=2)

    assert (await worker.join()).ended == "max_iterations"
    assert [len(each.messages) for each in bob.model.requests] == [2, 4]


async def test_they_join_the_pool_of_their_namespace(store: MemoryStore) -> None:
    await WorkPool(store, "pool").add([])
    await WorkPool(store, "pool", namespace="own").add(ONE)

    worker = TeamWorker("pool", {"m": str.upper}, store=store, namespace="own")

    assert list((await worker.join()).output) == ["a"]


async def test_what_they_answer_is_reviewed(store: MemoryStore) -> None:
    await WorkPool(store, "pool", max_attempts=1).add(ONE)
    rex = Player("Rex", '{"passes": false, "reason": "No title."}')

    worker = TeamWorker("pool", {"m": str.upper}, store=store, reviewer=rex.agent)

    assert (await worker.join()).metadata["failed"] == {"a": ("No title.",)}


async def test_their_check_may_take_only_so_long(store: MemoryStore) -> None:
    async def slow(item: WorkItem, answer: str) -> bool:
        await anyio.sleep_forever()
        return bool(item and answer)

    await WorkPool(store, "pool", max_attempts=1).add(ONE)
    worker = TeamWorker("pool", {"m": str.upper}, store=store, check=slow, check_timeout_s=0.01)

    ((reason,),) = (await worker.join()).metadata["failed"].values()
    assert "did not finish" in reason


async def test_they_rest_only_so_long_after_they_failed(store: MemoryStore) -> None:
    await WorkPool(store, "pool").add(ONE)
    bob = Player("Bob", *[ModelUnreachable("Away.")] * 4, "done")

    with anyio.fail_after(5):
        result = await TeamWorker("pool", [bob.agent], store=store, rest_s=0.001).join()

    assert result.output == {"a": "done"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pool_id": "a:b"}, "pool_id has 1 to 128 letters"),
        ({"namespace": "a:b"}, "namespace has 1 to 128 letters"),
        ({"members": []}, "at least one member"),
        ({"max_iterations": 0}, "max_iterations must be 1 or more, not 0"),
        ({"check_timeout_s": 0}, "check_timeout_s must be over 0, not 0"),
        ({"wait_s": -1}, "wait_s must be 0 or more, not -1"),
        ({"rest_s": -1}, "rest_s must be 0 or more, not -1"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"pool_id": "pool", "members": {"m": str.upper}, "store": MemoryStore()}

    with pytest.raises(ConfigError, match=message):
        TeamWorker(**{**given, **options})
