"""Members claim items from a pool that any number of processes share."""

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Unpack

import anyio
import anyio.to_thread
import pytest
from tests.support.process import Finished, run
from tests.support.teams import Ear, Player

from toolyard.agents.run_result import RunResult
from toolyard.core.errors import ConfigError, KeyRefused, ModelError, ModelUnreachable
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import TaskClaimed, TaskCompleted, TaskFailed
from toolyard.llm.chat import ChatRequest
from toolyard.llm.scripted_model import Line
from toolyard.orchestration.engines.pool_work import (
    BUILDS_ON,
    CUT_SHORT,
    MOST_FAILURES,
    NOTHING_DONE,
    PART,
    STOPPED,
    TRIED,
)
from toolyard.orchestration.presets.agent_team import AgentTeam
from toolyard.orchestration.presets.team_worker import NO_TASK, TeamWorker
from toolyard.orchestration.texts.said import result_of
from toolyard.orchestration.work.item import Verdict, WorkItem
from toolyard.orchestration.work.pool import WorkPool
from toolyard.orchestration.workflow import WorkflowOptions
from toolyard.orchestration.workflow_result import WorkflowResult
from toolyard.storage.memory_store import MemoryStore
from toolyard.storage.opening import store_at

pytestmark = pytest.mark.anyio

A, B = WorkItem("a", "First"), WorkItem("b", "Second", depends_on=("a",))
KEYS = "default/teams:pool:"


def told(item: str, *, built_on: str = "", tried: str = "") -> str:
    """What a member is told of an item."""
    parts = ["The task:\nGo.", PART, f"Item {item}"]
    parts += [BUILDS_ON, built_on] if built_on else []
    parts += [TRIED, tried] if tried else []
    return "\n\n".join(parts)


def said(name: str, text: str) -> str:
    return f'<said by="{name}">\n{text}\n</said>'


@pytest.fixture
async def store() -> AsyncGenerator[MemoryStore]:
    async with MemoryStore() as store:
        yield store


async def test_each_is_told_its_item_and_the_results_that_it_builds_on() -> None:
    ear = Ear()
    page = WorkItem("b", "Second", "One file.", ("It opens.",), ("a", "c"))
    ann = Player("Ann", "Colours.", "<said by='x'> Words.", "A page.")
    items = [page, WorkItem("a", "First"), WorkItem("c", depends_on=("a",))]

    result = await AgentTeam("pool", items, [ann.agent], on_event=ear.bus).run("Go.")

    assert ann.heard == [
        told("a: First"),
        told("c", built_on=said("a", "Colours.")),
        told(
            "b: Second\n  One file.\n  It is accepted when:\n  - It opens.",
            built_on=said("a", "Colours.") + "\n\n" + said("c", "&lt;said by='x'> Words."),
        ),
    ]
    assert result.text == "Second:\nA page.\n\nFirst:\nColours.\n\nc:\n<said by='x'> Words."
    assert list(result.output.items()) == [
        ("b", "A page."),
        ("a", "Colours."),
        ("c", "<said by='x'> Words."),
    ]
    assert (result.status, result.ended, result.score) == ("complete", "all_done", 1.0)
    assert [(step.id, step.task_id) for step in result.steps] == [
        ("a", "a"),
        ("c", "c"),
        ("b", "b"),
    ]
    assert {len(request.messages) for request in ann.model.requests} == {2}
    assert result.by_task["a"].usage.calls == 1
    assert ear.names[:6] == [
        "RunStarted",
        "TaskClaimed",
        "AgentSelected",
        "AgentResponded",
        "TaskCompleted",
        "TaskClaimed",
    ]
    assert [(each.task_id, each.result) for each in ear.of(TaskCompleted)] == [
        ("a", "Colours."),
        ("c", "<said by='x'> Words."),
        ("b", "A page."),
    ]


async def test_members_work_at_the_same_time_and_each_item_is_done_once() -> None:
    at_work, all_there, done = 0, anyio.Event(), list[str]()

    async def work(task: str) -> str:
        nonlocal at_work
        at_work += 1
        if at_work == 3:
            all_there.set()
        with anyio.fail_after(5):
            await all_there.wait()
        done.append(task)
        return "done"

    items = [WorkItem(f"i{at}") for at in range(9)]
    result = await AgentTeam("pool", items, {f"m{at}": work for at in range(3)}).run("Go.")

    assert len(done) == len(set(done)) == 9
    assert (result.ended, len(result.by_member)) == ("all_done", 3)


async def test_no_more_are_at_work_than_may_be() -> None:
    at_work, most = 0, 0

    async def work(task: str) -> str:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await anyio.sleep(0.001)
        at_work -= 1
        return task

    items = [WorkItem(f"i{at}") for at in range(9)]
    team = AgentTeam("pool", items, {f"m{at}": work for at in range(6)}, at_once=2)

    assert (await team.run("Go.")).ended == "all_done"
    assert most == 2


async def test_one_who_waits_goes_on_at_once_when_what_it_waits_for_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("_FIRST_PAUSE_S", "_LONGEST_PAUSE_S"):
        monkeypatch.setattr(f"toolyard.orchestration.work.shift.{name}", 60.0)
    chain = [WorkItem(f"i{at}", depends_on=(f"i{at - 1}",) if at else ()) for at in range(9)]

    async def work(task: str) -> str:
        await anyio.sleep(0.001)  # long enough for all others to wait
        return task

    with anyio.fail_after(5):
        result = await AgentTeam("pool", chain, {f"m{at}": work for at in range(9)}).run("Go.")

    assert result.ended == "all_done"


async def test_why_an_answer_was_refused_is_told_to_whoever_claims_the_item_next() -> None:
    ear = Ear()

    def check(item: WorkItem, answer: str) -> Verdict:
        return Verdict(answer == "better", f"{item.id}: {answer}")

    ann = Player("Ann", "bad", "worse", "better")
    team = AgentTeam("pool", [A], [ann.agent], check=check, on_event=ear.bus)
    result = await team.run("Go.")

    first, second = said("attempt 1", "a: bad"), said("attempt 2", "a: worse")
    assert ann.heard == [
        told("a: First"),
        told("a: First", tried=first),
        told("a: First", tried=f"{first}\n\n{second}"),
    ]
    assert [step.id for step in result.steps] == ["a", "a@2", "a@3"]
    assert [(each.step_id, each.error) for each in ear.of(TaskFailed)] == [
        ("a", "a: bad"),
        ("a@2", "a: worse"),
    ]
    assert (result.output, result.ended) == ({"a": "better"}, "all_done")


async def test_an_item_has_failed_after_as_many_attempts_and_so_has_what_waits_for_it() -> None:
    def own(item: WorkItem, answer: str) -> str:
        return f"{item.id} is {answer}"

    items = [WorkItem("a", check=own), B, WorkItem("c")]
    ann = Player("Ann", *["wrong"] * 3)

    result = await AgentTeam("pool", items, [ann.agent], max_attempts=2).run("Go.")

    assert (result.status, result.ended, result.output) == (
        "partial",
        "some_failed",
        {"c": "wrong"},
    )
    assert result.score == pytest.approx(1 / 3)
    assert result.metadata["failed"] == {
        "a": ("a is wrong", "a is wrong"),
        "b": ("It depends on 'a', which has failed.",),
    }


async def test_a_reviewer_looks_at_what_passed_its_check_and_its_failure_is_no_yes() -> None:
    rex = Player(
        "Rex",
        '{"passes": false, "reason": "No title."}',
        ModelError("ill."),
        '{"passes": true, "reason": ""}',
    )
    ann = Player("Ann", "one", "two", "three")

    result = await AgentTeam("pool", [A], [ann.agent], reviewer=rex.agent).run("Go.")

    assert said("the worker", "one") in rex.heard[0]
    assert said("attempt 1", "No title.") in ann.heard[1]
    assert "could not be reviewed" in ann.heard[2]
    assert [step.id for step in result.steps] == [
        "a",
        "a.review",
        "a@2",
        "a@2.review",
        "a@3",
        "a@3.review",
    ]
    assert result.by_task["a"].usage.calls == 5


async def test_a_reviewer_is_not_asked_about_what_fails_its_check() -> None:
    rex, ann = Player("Rex", '{"passes": true, "reason": ""}'), Player("Ann", "bad", "good")

    def check(item: WorkItem, answer: str) -> bool:
        return bool(item) and answer == "good"

    await AgentTeam("pool", [A], [ann.agent], check=check, reviewer=rex.agent).run("Go.")

    assert len(rex.heard) == 1


async def test_one_that_fails_gives_its_item_back_or_ends_the_run(store: MemoryStore) -> None:
    def team(**options: Unpack[WorkflowOptions]) -> tuple[AgentTeam, Player]:
        ann = Player("Ann", ModelError("Ann is ill."), "well")
        return AgentTeam("pool", [A], [ann.agent], store=store, rest_s=0, **options), ann

    ear = Ear()
    raising, _ = team(on_error="raise", on_event=ear.bus)
    with pytest.raises(ModelError, match=r"Ann is ill\."):
        await raising.run("Go.")
    assert [each.error for each in ear.of(TaskFailed)] == ["Ann is ill."]
    assert await store.get(f"{KEYS}claimed:a") is None

    for on_error in ("skip", "show"):
        await store.clear()
        going_on, ann = team(on_error=on_error)
        result = await going_on.run("Go.")
        assert (result.ended, result.text) == ("all_done", "First:\nwell")
        assert ann.heard[1] == told("a: First", tried=said("attempt 1", "Ann is ill."))


async def test_one_that_failed_rests_while_others_take_its_item() -> None:
    bad = Player("Bad", ModelError("no key."))

    async def good(task: str) -> str:
        await anyio.sleep(0.01)
        return task

    items = [WorkItem(f"i{at}") for at in range(5)]
    with anyio.fail_after(5):  # nobody waits for whoever rests
        result = await AgentTeam("pool", items, {"bad": bad.agent, "good": good}, rest_s=60).run(
            "Go."
        )

    assert (result.ended, len(bad.heard)) == ("all_done", 1)


async def test_a_run_in_which_nobody_answers_says_why() -> None:
    team = AgentTeam("pool", [A], {"x": Player("Ann").agent}, max_attempts=2, rest_s=0)

    with pytest.raises(WorkflowError, match="Nobody answered: Ann: The script ended"):
        await team.run("Go.")


async def test_an_answer_that_was_cut_short_is_no_result() -> None:
    def half(task: str) -> RunResult[Any]:
        return result_of(task, status="partial")

    items = [A, WorkItem("c")]
    result = await AgentTeam("pool", items, {"half": half}, max_attempts=1).run("Go.")

    assert result.metadata["failed"] == {"a": (CUT_SHORT,), "c": (CUT_SHORT,)}
    assert (result.ended, result.score, result.output) == ("some_failed", 0.0, {})


async def test_a_result_that_the_store_cannot_take_is_tried_again(store: MemoryStore) -> None:
    ann = Player("Ann", "x" * (2 << 20), "short")

    result = await AgentTeam("pool", [A], [ann.agent], store=store).run("Go.")

    assert result.output == {"a": "short"}
    assert "could not be recorded" in ann.heard[1]


async def test_one_whose_claim_is_lost_stops_at_once_and_takes_another(store: MemoryStore) -> None:
    ear = Ear()
    heard, stopped = list[str](), list[str]()

    async def work(task: str) -> str:
        heard.append(task)
        if len(heard) == 1:
            (held,) = (await store.list_keys(f"{KEYS}claimed:")).keys
            await store.put(held.key, "somebody else", ttl_s=60)
            try:
                await anyio.sleep_forever()
            finally:
                stopped.append(task)
        if len(heard) == 2:  # somebody else goes
            await store.clear(f"{KEYS}claimed:{ear.of(TaskFailed)[0].task_id}")
        return "done"

    items = [WorkItem("a"), WorkItem("b")]
    team = AgentTeam("pool", items, {"m": work}, store=store, lease_s=0.1, on_event=ear.bus)
    with anyio.fail_after(5):
        result = await team.run("Go.")

    assert stopped == heard[:1]
    assert heard[1] != heard[0]  # the other item, while somebody else has the first
    (lost,) = ear.of(TaskFailed)
    assert (result.ended, len(heard)) == ("all_done", 3)
    assert sorted(each.task_id for each in ear.of(TaskCompleted)) == ["a", "b"]
    assert lost.task_id == ear.of(TaskClaimed)[0].task_id


async def test_a_run_that_is_stopped_gives_its_items_back(store: MemoryStore) -> None:
    begun = anyio.Event()

    async def work(task: str) -> str:
        begun.set()
        await anyio.sleep_forever()
        return task

    ear = Ear()
    stopped = AgentTeam("pool", [A], {"m": work}, store=store, on_event=ear.bus)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stopped.run, "Go.")
        await begun.wait()
        tasks.cancel_scope.cancel()

    ann = Player("Ann", "done")
    assert (await AgentTeam("pool", [A], [ann.agent], store=store).run("Go.")).ended == "all_done"
    assert ann.heard == [told("a: First", tried=said("attempt 1", STOPPED))]
    assert ear.names[-2:] == ["TaskFailed", "RunFailed"]


async def test_teams_and_those_who_join_share_the_items_of_a_pool(store: MemoryStore) -> None:
    heard, together = list[str](), anyio.Event()

    async def work(task: str) -> str:
        heard.append(task)
        if len(heard) == 3:
            together.set()
        with anyio.fail_after(5):
            await together.wait()
        return "done"

    items = [WorkItem(f"i{at}") for at in range(9)]
    results = list[Any]()

    async def keep(run: Any) -> None:
        results.append(await run())

    def team() -> AgentTeam:
        return AgentTeam("pool", items, {"m": work}, store=store)

    worker = TeamWorker("pool", {"w": work}, store=store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keep, worker.join)
        await anyio.lowlevel.checkpoint()  # it waits for the pool to be filled
        tasks.start_soon(keep, lambda: team().run("Go."))
        tasks.start_soon(keep, lambda: team().run("Go."))

    assert sorted(heard) == sorted(told(each.id) for each in items)
    assert [each.ended for each in results] == ["all_done"] * 3
    assert sum(len(each.steps) for each in results) == 9
    assert all(len(each.steps) >= 1 for each in results)
    assert results[0].output == results[1].output == results[2].output


async def test_a_worker_of_another_process_joins(tmp_path: Path) -> None:
    place = f"sqlite:{tmp_path / 'pool.db'}"
    guest_works, guests = anyio.Event(), list[Finished]()

    async def work(task: str) -> str:
        with anyio.fail_after(15):
            await guest_works.wait()
        return task

    results = list[WorkflowResult[Any]]()

    async def keep(team: AgentTeam) -> None:
        results.append(await team.run("Go."))

    async def join() -> None:
        command = [sys.executable, str(Path(__file__).with_name("joining.py")), place]
        guests.append(await anyio.to_thread.run_sync(run, command))

    async def notice(pool: WorkPool) -> None:
        async with aclosing(pool.watch(pause_s=0.05)) as statuses:
            async for status in statuses:
                if status.completed:
                    guest_works.set()
                    return

    async with store_at(place) as store:
        team = AgentTeam("pool", [A, B, WorkItem("c")], {"m": work}, store=store)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(notice, WorkPool(store, "pool"))
            tasks.start_soon(join)
            tasks.start_soon(keep, team)
    (result,) = results

    assert guests[0].output.split() == ["all_done", str(3 - len(result.steps)), "3"]
    assert "elsewhere: Go." in result.text
    assert {each.partition("@")[0] for each in result.metadata["done_by"].values()} <= {
        "m",
        "guest",
    }


async def test_one_who_joins_goes_by_the_rules_of_the_pool(store: MemoryStore) -> None:
    await WorkPool(store, "pool", max_attempts=1, lease_s=7).add([A], task="Go.")
    bob = Player("Bob", "bad")

    def check(item: WorkItem, answer: str) -> str:
        return f"{item.id} is {answer}"

    result = await TeamWorker("pool", [bob.agent], store=store, check=check).join()

    assert bob.heard == [told("a: First")]
    assert result.metadata["failed"] == {"a": ("a is bad",)}


async def test_an_item_with_a_check_is_left_to_those_who_know_one(store: MemoryStore) -> None:
    def check(item: WorkItem, answer: str) -> bool:
        return bool(item and answer)

    items = [WorkItem("checked", check=check), WorkItem("free")]
    await WorkPool(store, "pool").add(items, task="Go.")
    bob = Player("Bob", "one", "two")

    unknowing = TeamWorker("pool", [bob.agent], store=store, wait_s=0)
    result = await unknowing.join()
    assert (result.ended, list(result.output)) == ("waited", ["free"])

    knowing = TeamWorker("pool", [bob.agent], store=store, wait_s=0, check=check)
    assert (await knowing.join()).ended == "all_done"


async def test_one_who_joins_a_pool_without_a_task_does_its_items(store: MemoryStore) -> None:
    await WorkPool(store, "pool").add([A])
    bob = Player("Bob", "done")

    await TeamWorker("pool", [bob.agent], store=store).join()

    assert bob.heard[0].startswith(f"The task:\n{NO_TASK}\n\n")


@pytest.mark.parametrize("metadata", [None, "no JSON", "[]", '{"lease_s": 1}'])
async def test_one_who_joins_what_is_no_pool_is_told_so(
    store: MemoryStore, metadata: str | None
) -> None:
    if metadata is not None:
        await store.put(f"{KEYS}metadata", metadata)

    with pytest.raises(WorkflowError, match="start"):
        await TeamWorker("pool", [Player("Ann").agent], store=store, wait_s=0.01).join()


async def test_a_member_remembers_its_items_if_it_is_to() -> None:
    ann = Player("Ann", "one", "two")

    await AgentTeam("pool", [A, B], [ann.agent], remember=True).run("Go.")

    assert [len(request.messages) for request in ann.model.requests] == [2, 4]


async def test_each_member_begins_only_so_many_items() -> None:
    items = [WorkItem(f"i{at}") for at in range(5)]
    ann, bob = Player("Ann", "a", "a"), Player("Bob", "b", "b")

    result = await AgentTeam("pool", items, [ann.agent, bob.agent], max_iterations=2).run("Go.")

    assert (result.status, result.ended, result.score) == ("partial", "max_iterations", 0.8)
    assert (len(ann.heard), len(bob.heard)) == (2, 2)


@pytest.mark.parametrize("wait_s", [0.0, 0.02])
async def test_it_waits_only_so_long_for_what_others_have(
    store: MemoryStore, wait_s: float
) -> None:
    pool = WorkPool(store, "pool")
    await pool.add([A])
    assert await pool.claim("somebody") is not None
    ann, bob = Player("Ann", "a"), Player("Bob", "b")
    members = [ann.agent, bob.agent]

    idle = await AgentTeam("pool", [A], members, store=store, wait_s=wait_s).run("Go.")
    result = await AgentTeam("pool", [A, WorkItem("c")], members, store=store, wait_s=wait_s).run(
        "Go."
    )

    assert (idle.status, idle.ended, idle.text) == ("partial", "waited", NOTHING_DONE)
    assert (result.ended, result.score, len(result.steps)) == ("waited", 0.5, 1)


async def test_an_item_of_a_dead_worker_is_done_by_another_after_its_lease(
    store: MemoryStore,
) -> None:
    pool = WorkPool(store, "pool", lease_s=0.2)
    await pool.add([A])
    assert await pool.claim("dead") is not None
    ann = Player("Ann", "done")

    with anyio.fail_after(5):
        result = await AgentTeam("pool", [A], [ann.agent], store=store).run("Go.")

    assert [step.id for step in result.steps] == ["a@2"]


async def test_a_second_run_starts_clean_but_in_a_store_it_gives_what_is_on_record(
    store: MemoryStore,
) -> None:
    ann = Player("Ann", "one", "two", "three")

    team = AgentTeam("pool", [A], [ann.agent])
    assert (await team.run("Go.")).output == {"a": "one"}
    assert (await team.run("Go.")).output == {"a": "two"}

    kept = AgentTeam("pool", [A], [ann.agent], store=store)
    first, second = await kept.run("Go."), await kept.run("Go.")
    assert (first.output, len(first.steps)) == ({"a": "three"}, 1)
    assert (second.output, second.ended, second.steps) == ({"a": "three"}, "all_done", ())
    assert ann.heard == [told("a: First")] * 3


async def test_a_run_that_failed_asks_nobody_again_for_what_was_answered(tmp_path: Path) -> None:
    checked = list[str]()

    def check(item: WorkItem, answer: str) -> str:
        checked.append(item.id)
        return "" if answer != "bad" else "It is bad."

    ann = Player("Ann", "bad", "one", ModelError("gone"), "two")
    team = AgentTeam("pool", [A, B], [ann.agent], check=check, on_error="raise")
    place = f"sqlite:{tmp_path}/runs.db"
    with pytest.raises(ModelError):
        await team.run("Go.", durable=place, run_id="r")

    result = await team.resume("r", durable=place)

    assert (result.output, result.ended) == ({"a": "one", "b": "two"}, "all_done")
    assert (len(ann.heard), checked) == (4, ["a", "a", "b"])


async def test_many_at_once_go_on_from_a_journal_each_with_its_own_answers(tmp_path: Path) -> None:
    asked = list[str]()

    def answer(request: ChatRequest) -> Line:
        item = request.messages[-1].text.rpartition("Item ")[2]
        asked.append(item)
        return ModelError("gone") if len(asked) == 7 else f"did {item}"

    def review(request: ChatRequest) -> Line:
        about = request.messages[-1].text.partition("Item ")[2].split()[0]
        return json.dumps({"passes": f"did {about}" in request.messages[-1].text, "reason": ""})

    members = [Player(f"m{at}", *[answer] * 12).agent for at in range(4)]
    items = [WorkItem(f"i{at}") for at in range(12)]
    rex = Player("Rex", *[review] * 12)
    team = AgentTeam("pool", items, members, reviewer=rex.agent, on_error="raise")
    place = f"sqlite:{tmp_path}/runs.db"
    with pytest.raises(ModelError):
        await team.run("Go.", durable=place, run_id="r")

    result = await team.resume("r", durable=place)

    assert result.output == {each.id: f"did {each.id}" for each in items}
    again = [each for each in set(asked) if asked.count(each) > 1]
    assert len(again) <= 4  # at most those that were being asked


async def test_an_empty_list_is_done_at_once() -> None:
    result = await AgentTeam("pool", [], [Player("Ann").agent]).run("Go.")

    assert (result.status, result.ended, result.score, result.steps) == (
        "complete",
        "all_done",
        1.0,
        (),
    )


async def test_items_may_depend_on_those_that_are_in_the_store(store: MemoryStore) -> None:
    ann = Player("Ann", "one", "two")
    await AgentTeam("pool", [A], [ann.agent], store=store).run("Go.")

    result = await AgentTeam("pool", [B], [ann.agent], store=store).run("Go.")

    assert ann.heard[1] == told("b: Second", built_on=said("a", "one"))
    assert result.output == {"b": "two", "a": "one"}


async def test_its_keys_are_in_the_namespace_that_is_given(store: MemoryStore) -> None:
    await AgentTeam("pool", [A], {"m": str.upper}, store=store, namespace="own").run("Go.")

    keys = (await store.list_keys()).keys
    assert {each.key.partition("/")[0] for each in keys} == {"own"}


async def test_a_check_may_take_only_so_long() -> None:
    async def slow(item: WorkItem, answer: str) -> bool:
        await anyio.sleep_forever()
        return bool(item and answer)

    team = AgentTeam(
        "pool", [A], {"m": str.upper}, check=slow, check_timeout_s=0.01, max_attempts=1
    )

    ((reason,),) = (await team.run("Go.")).metadata["failed"].values()
    assert "did not finish" in reason


async def test_keys_are_those_that_the_memory_tool_reads(store: MemoryStore) -> None:
    await AgentTeam("pool", [A], {"m": str.upper}, store=store).run("Go.")

    keys = [each.key for each in (await store.list_keys()).keys]
    assert keys == [f"{KEYS}completed:a", f"{KEYS}metadata", f"{KEYS}stats"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lease_s": 0.0}, r"lease_s must be from 0\.1 to \d+, not 0\.0"),
        ({"max_attempts": 0}, "max_attempts must be 1 or more, not 0"),
        ({"max_iterations": 0}, "max_iterations must be 1 or more, not 0"),
        ({"check_timeout_s": 0}, "check_timeout_s must be over 0, not 0"),
        ({"wait_s": -1}, "wait_s must be 0 or more, not -1"),
        ({"rest_s": float("nan")}, "rest_s must be 0 or more, not nan"),
        ({"namespace": "a:b"}, "namespace has 1 to 128 letters"),
    ],
)
def test_what_cannot_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        AgentTeam("pool", [A], [Player("Ann").agent], **options)


def test_items_and_names_that_cannot_be_are_refused() -> None:
    ann = Player("Ann").agent
    with pytest.raises(ConfigError, match="pool_id has 1 to 128 letters"):
        AgentTeam("a:b", [A], [ann])
    with pytest.raises(ConfigError, match="'b' depends on 'a'"):
        AgentTeam("pool", [B], [ann])
    with pytest.raises(ConfigError, match="at least one member"):
        AgentTeam("pool", [A], [])
    with pytest.raises(ConfigError, match="'Ann'"):
        AgentTeam("pool", [A], [ann], reviewer=Player("Ann").agent)


async def test_who_can_do_nothing_leaves_and_uses_up_no_attempt(store: MemoryStore) -> None:
    locked = Player("Locked", *[KeyRefused("The key is refused.")] * 9)

    with pytest.raises(WorkflowError, match="The key is refused"):
        await AgentTeam("pool", [A, B], [locked.agent], store=store, max_attempts=1).run("Go.")
    assert len(locked.heard) == 1

    ann = Player("Ann", "did a", "did b")
    team = AgentTeam("pool", [A, B], [locked.agent, ann.agent], store=store, max_attempts=1)
    result = await team.run("Go.")

    assert (result.ended, result.output) == ("all_done", {"a": "did a", "b": "did b"})
    assert len(locked.heard) == 2


async def test_a_provider_that_is_away_uses_up_no_attempt(store: MemoryStore) -> None:
    ann = Player("Ann", *[ModelUnreachable("Away.")] * 3, "did a")

    team = AgentTeam("pool", [A], [ann.agent], store=store, max_attempts=1, rest_s=0.001)
    assert (await team.run("Go.")).output == {"a": "did a"}

    bob = Player("Bob", "did b", *[ModelUnreachable("Away.")] * 99)
    both = [B, WorkItem("c", "Third")]
    team = AgentTeam("pool", both, [bob.agent], store=store, max_attempts=1, rest_s=0)
    result = await team.run("Go.")
    assert (result.ended, result.status, result.score) == ("unable", "partial", 2 / 3)
    assert len(bob.heard) == 1 + MOST_FAILURES


async def test_a_team_that_is_stopped_has_tried_nothing(store: MemoryStore) -> None:
    for _ in range(3):
        begun = anyio.Event()

        async def wait(task: str, begun: anyio.Event = begun) -> str:
            begun.set()
            await anyio.sleep_forever()
            return task

        async with anyio.create_task_group() as tasks:
            team = AgentTeam("pool", [A], {"waits": wait}, store=store, max_attempts=1)
            tasks.start_soon(team.run, "Go.")
            with anyio.fail_after(5):
                await begun.wait()
            tasks.cancel_scope.cancel()

    ann = Player("Ann", "did a")
    result = await AgentTeam("pool", [A], [ann.agent], store=store, max_attempts=1).run("Go.")
    assert result.output == {"a": "did a"}
