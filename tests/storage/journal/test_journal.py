"""A run that is kept in a journal: what was done is not done again."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from threading import Thread
from typing import Any

import anyio
import pytest
from tests.storage.journal.conftest import Make
from tests.storage.journal.doing import Work

from toolyard.core.errors import (
    JournalError,
    ModelUnreachable,
    RunCancelled,
    RunDiverged,
    RunLost,
    RunPaused,
    RunTaken,
    StepInDoubt,
    UnfitReply,
    UnknownName,
)
from toolyard.storage.journal.journal import Do, DurableJournal, OpenRun, StepState
from toolyard.storage.journal.steps import Steps


async def states(journal: DurableJournal) -> Sequence[tuple[str, StepState, bool]]:
    return [(each.name, each.state, each.is_flagged) for each in await journal.steps("r")]


async def crash(run: OpenRun, name: str, *, repeatable: bool) -> None:
    """A step that was in flight when its process ended."""
    with anyio.CancelScope() as scope:

        async def do() -> None:
            scope.cancel()
            await anyio.sleep_forever()

        await run.step((), name, 0, kind="test", input=None, do=do, repeatable=repeatable)


async def test_a_step_that_was_done_is_recalled(journal: DurableJournal) -> None:
    work = Work()
    for _ in range(2):
        async with journal.open("r", "demo", {"say": "hi"}) as run:
            steps = Steps(run)
            assert await work.step(steps, "a", {"b": (1, "é\x00/\ud800")}, given=[1]) == {
                "b": [1, "é\x00/\ud800"]
            }
            assert await work.step(steps.child("x/y"), "a", None) is None
    assert work.done == {"a": 1, "x/y/a": 1}
    first, second = await journal.steps("r")
    assert (first.path, first.name, first.n, first.kind) == ((), "a", 0, "test")
    assert (first.input, first.attempts, first.is_flagged) == ([1], 1, False)
    assert second.path == ("x/y",)
    assert first.begun_at <= (first.ended_at or 0) <= second.begun_at
    assert first.seq < second.seq


async def test_members_at_once_get_their_own_answers_whoever_is_first(
    journal: DurableJournal,
) -> None:
    work = Work()

    async def member(steps: Steps, number: int, many: int) -> None:
        for turn in range(many):
            await anyio.sleep(0.001 * ((number * 7 + turn) % 3))  # another order each time
            value = [number, turn]
            assert await work.step(steps, "m", value, given=value) == value

    for many in (3, 6):
        async with journal.open("r", "demo", None) as run, anyio.create_task_group() as tasks:
            root = Steps(run)
            for number in range(20):
                tasks.start_soon(member, root.child(f"member {number}"), number, many)
    assert set(work.done.values()) == {6}
    assert len(await journal.steps("r")) == 120


async def test_another_input_is_loud(journal: DurableJournal) -> None:
    work = Work()
    async with journal.open("r", "demo", None) as run:
        await work.step(Steps(run).child("a"), "b", 1, given="x")
    with pytest.raises(RunDiverged, match=r"step a/b#0 was begun with another input"):
        async with journal.open("r", "demo", None) as run:
            await work.step(Steps(run).child("a"), "b", 1, given="y")
    with pytest.raises(RunDiverged, match="another name or task"):
        async with journal.open("r", "demo", "other"):
            pass
    assert work.done == {"a/b": 1}


async def test_two_steps_of_one_key_are_refused(journal: DurableJournal) -> None:
    work = Work()
    async with journal.open("r", "demo", None) as run:
        await work.step(Steps(run), "a", 1)
        with pytest.raises(JournalError, match="two steps a#0"):
            await work.step(Steps(run), "a", 2)


@pytest.mark.parametrize("name", ["", "a/b", "%2F", "%", "\x00", "\ud800 é", "a/", "/"])
async def test_any_text_can_be_a_name(journal: DurableJournal, name: str) -> None:
    work = Work()
    async with journal.open("r", name, None) as run:
        await work.step(Steps(run).child(name).child("x"), name, 1)
        await work.step(Steps(run).child("x"), name, 2)
        await work.step(Steps(run), name, 3)
    assert [(each.path, each.name, each.output) for each in await journal.steps("r")] == [
        ((name, "x"), name, 1),
        (("x",), name, 2),
        ((), name, 3),
    ]
    assert (await journal.run("r")).name == name


@pytest.mark.parametrize("value", [object(), float("nan"), {1: object()}])
async def test_what_is_no_json_is_refused(journal: DurableJournal, value: Any) -> None:
    work = Work()
    with pytest.raises(JournalError, match="no JSON value"):
        async with journal.open("r", "demo", None) as run:
            await work.step(Steps(run), "a", value)
    with pytest.raises(JournalError, match="id has 1 to 200 letters"):
        journal.open("no spaces", "demo", None)
    async with journal.open("r", "demo", None) as run:
        with pytest.raises(JournalError, match="over 2000 bytes"):
            await work.step(Steps(run), "a" * 2001)


async def test_what_was_in_flight_is_done_again_and_flagged(journal: DurableJournal) -> None:
    work = Work()
    async with journal.open("r", "demo", None) as run:
        await crash(run, "a", repeatable=True)
    assert await states(journal) == [("a", "intent", False)]
    async with journal.open("r", "demo", None) as run:
        assert await work.step(Steps(run), "a", "done") == "done"
    assert await states(journal) == [("a", "done", True)]
    assert (await journal.steps("r"))[0].attempts == 2


async def test_what_was_in_flight_and_may_not_be_repeated_is_in_doubt(
    journal: DurableJournal,
) -> None:
    work = Work()
    async with journal.open("r", "demo", None) as run:
        await crash(run, "a", repeatable=False)
    for _ in range(2):  # it stays so
        async with journal.open("r", "demo", None) as run:
            with pytest.raises(StepInDoubt, match="a#0"):
                await Steps(run).run(
                    "a", kind="test", input=None, do=work.of("a"), repeatable=False
                )
    assert await states(journal) == [("a", "intent", True)]
    assert (await journal.steps("r"))[0].attempts == 1
    assert not work.done


async def test_the_error_that_ended_a_run_is_forgotten(journal: DurableJournal) -> None:
    work = Work()
    with pytest.raises(ModelUnreachable):
        async with journal.open("r", "demo", None) as run:
            await work.step(Steps(run), "a", ModelUnreachable("It is down."))
    record = await journal.run("r")
    assert (record.state, record.error, record.owner) == ("failed", "It is down.", None)
    async with journal.open("r", "demo", None) as run:
        assert await work.step(Steps(run), "a", "up") == "up"
    record = await journal.run("r")
    assert (record.state, record.error) == ("running", None)


async def test_an_error_that_was_dealt_with_is_raised_again(journal: DurableJournal) -> None:
    work = Work()
    errors = [ModelUnreachable("It is down."), UnfitReply("It is no JSON.", "Hm")]
    for _ in range(2):
        async with journal.open("r", "demo", None) as run:
            with pytest.raises(ModelUnreachable, match=r"It is down\."):
                await work.step(Steps(run), "a", errors[0])
            with pytest.raises(UnfitReply) as unfit:
                await work.step(Steps(run), "b", errors[1])
            assert unfit.value.reply == "Hm"
            await work.step(Steps(run), "c", 1)
    assert work.done == {"a": 1, "b": 1, "c": 1}


async def test_only_the_member_whose_error_ended_the_run_tries_again(
    journal: DurableJournal,
) -> None:
    work = Work()

    async def fail() -> None:
        async with journal.open("r", "demo", None) as run:
            with suppress(ModelUnreachable):
                await work.step(Steps(run), "skipped", ModelUnreachable("1"))
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(work.step, Steps(run), "raised", ModelUnreachable("2"))

    with pytest.raises(ExceptionGroup):
        await fail()
    assert (await journal.run("r")).error == "2"
    async with journal.open("r", "demo", None) as run:
        with pytest.raises(ModelUnreachable, match="1"):
            await work.step(Steps(run), "skipped", "fine")
        assert await work.step(Steps(run), "raised", "fine") == "fine"


async def test_a_run_is_executed_by_one(make: Make, journal: DurableJournal) -> None:
    async with make() as other, journal.open("r", "demo", None):
        with pytest.raises(RunTaken, match="'r' is executed by somebody else"):
            async with other.open("r", "demo", None):
                pass
        with pytest.raises(RunTaken):
            await other.delete("r")
    async with make() as other, other.open("r", "demo", None) as run:
        assert run.record.fence == 1


async def test_a_lease_is_renewed(make: Make) -> None:
    async with make(lease_s=0.3) as mine, mine.open("r", "demo", None):
        begun = (await mine.run("r")).lease_until or 0
        while ((await mine.run("r")).lease_until or 0) < begun + 0.4:  # noqa: ASYNC110
            await anyio.sleep(0.05)
        with pytest.raises(RunTaken):
            async with mine.open("r", "demo", None):
                pass


async def test_what_is_at_work_ends_soon_when_a_run_is_cancelled(make: Make) -> None:
    begun = anyio.Event()

    async def hang() -> None:
        begun.set()
        await anyio.sleep_forever()

    async def stop() -> None:
        await begun.wait()
        async with make() as other:
            await other.cancel("r")

    async with make(lease_s=0.3) as journal, anyio.create_task_group() as tasks:
        tasks.start_soon(stop)
        with anyio.fail_after(10), pytest.raises(RunCancelled):
            async with journal.open("r", "demo", None) as run:
                await _step(Steps(run), "a", hang)
        assert (await journal.run("r")).state == "cancelled"


async def test_whoever_lost_its_lease_writes_nothing_more(make: Make) -> None:
    work = Work()

    async def overtake() -> None:
        async with make() as other:
            while (await other.run("r")).fence == 1:
                with suppress(RunTaken):
                    async with other.open("r", "demo", None) as run:
                        await work.step(Steps(run), "b", "theirs")

    async def hang() -> str:
        """Keep the whole event loop from running, its renewals too."""
        thread = Thread(target=anyio.run, args=(overtake,))
        thread.start()
        thread.join()
        return "too late"

    async with make(lease_s=0.2) as mine:
        with pytest.raises(RunLost, match="no longer executed here"):
            async with mine.open("r", "demo", None) as run:
                await Steps(run).run("a", kind="test", input=None, do=hang, repeatable=True)
        assert await states(mine) == [("a", "intent", False), ("b", "done", False)]
        record = await mine.run("r")
        assert (record.state, record.fence, record.owner) == ("running", 2, None)


async def stopped(journal: DurableJournal, stop: Callable[[str], Awaitable[None]]) -> Work:
    """What is done of two steps when somebody stops the run between them."""
    work = Work()
    async with journal.open("r", "demo", None) as run:
        await work.step(Steps(run), "a")
        await stop("r")
        with suppress(JournalError):
            await work.step(Steps(run), "b")
    return work


async def test_a_run_is_paused_from_elsewhere(make: Make, journal: DurableJournal) -> None:
    async with make() as other:
        work = await stopped(journal, other.pause)
        with pytest.raises(RunPaused, match="'r' is paused: resume it"):
            await stopped(journal, other.pause)
        assert (await journal.run("r")).state == "paused"
        await other.resume("r")
    assert work.done == {"a": 1}
    async with journal.open("r", "demo", None) as run:
        await work.step(Steps(run), "a")
        await work.step(Steps(run), "b")
    assert work.done == {"a": 1, "b": 1}


async def test_what_is_in_flight_is_ended_before_a_run_is_paused(
    journal: DurableJournal, make: Make
) -> None:
    is_paused, pays = anyio.Event(), anyio.Event()

    async def pay() -> str:
        pays.set()
        await is_paused.wait()
        await anyio.sleep(0.1)  # the other one has found out by now
        return "paid"

    async def pause() -> None:
        await pays.wait()
        async with make() as other:
            await other.pause("r")
        is_paused.set()

    async def work() -> None:
        async with journal.open("r", "demo", None) as run, anyio.create_task_group() as tasks:
            steps = Steps(run)

            async def decide() -> Any:
                """Makes a step, of which this is a part that nobody waits for."""
                await pause()
                await Work().step(steps.child("b"), "c")

            tasks.start_soon(lambda: _step(steps, "b", decide))
            await _step(steps, "a", pay)

    with anyio.fail_after(10), pytest.raises(ExceptionGroup) as raised:
        await work()
    assert raised.group_contains(RunPaused)
    assert ("a", "done", False) in await states(journal)
    assert (await journal.run("r")).state == "paused"


async def _step(steps: Steps, name: str, do: Do) -> Any:
    return await steps.run(name, kind="test", input=None, do=do, repeatable=False)


async def test_a_paused_run_has_not_failed(journal: DurableJournal) -> None:
    async def work() -> None:
        async with journal.open("r", "demo", None) as run, anyio.create_task_group() as tasks:
            await journal.pause("r")
            tasks.start_soon(Work().step, Steps(run), "a")

    with pytest.raises(ExceptionGroup) as raised:
        await work()
    assert raised.group_contains(RunPaused)
    assert (await journal.run("r")).state == "paused"


async def test_a_run_is_cancelled_for_good(make: Make, journal: DurableJournal) -> None:
    async with make() as other:
        work = await stopped(journal, other.cancel)
    assert work.done == {"a": 1}
    with pytest.raises(RunCancelled, match="'r' was cancelled"):
        await stopped(journal, journal.cancel)
    await journal.cancel("r")  # it is
    for change in (journal.pause, journal.resume):
        with pytest.raises(JournalError, match="'r' is cancelled, so it cannot"):
            await change("r")


async def test_a_run_that_is_complete_has_its_result(journal: DurableJournal) -> None:
    work = Work()
    async with journal.open("r", "demo", None) as run:
        await work.step(Steps(run), "a")
        await run.complete({"text": "so"})
    async with journal.open("r", "demo", None) as run:
        assert (run.record.state, run.record.result) == ("complete", {"text": "so"})
        await work.step(Steps(run), "a")
        await run.complete({"text": "so"})
        with pytest.raises(RunDiverged, match="with another result"):
            await run.complete("other")
        with pytest.raises(RunDiverged, match="complete without the step b#0"):
            await work.step(Steps(run), "b")
    assert work.done == {"a": 1}
    assert (await journal.run("r")).state == "complete"


async def test_runs_are_listed_from_the_newest(journal: DurableJournal) -> None:
    for name in "abc":
        async with journal.open(name, "demo", None):
            pass
    await journal.pause("b")
    assert [each.run_id for each in await journal.runs()] == ["c", "b", "a"]
    assert [each.run_id for each in await journal.runs("running")] == ["c", "a"]
    assert [each.run_id for each in await journal.runs(limit=1, after="c")] == ["b"]
    with pytest.raises(JournalError, match="1 to 1000"):
        await journal.runs(limit=0)
    for asking in (journal.run, journal.steps, journal.delete, journal.pause):
        with pytest.raises(UnknownName, match="Unknown run: 'x'"):
            await asking("x")


async def test_a_fork_knows_what_was_done_before_a_step(journal: DurableJournal) -> None:
    work = Work()
    async with journal.open("r", "demo", "task") as run:
        for name in "abc":
            await work.step(Steps(run), name, 1)
        await run.complete("first")
    before = (await journal.steps("r"))[1].seq
    await journal.fork("r", before, "fork")
    async with journal.open("fork", "demo", "task") as run:
        assert [await work.step(Steps(run), name, 2) for name in "abc"] == [1, 2, 2]
        await run.complete("second")
    record = await journal.run("fork")
    assert (record.forked_from, record.forked_at_step) == ("r", before)
    assert (await journal.run("r")).result == "first"
    with pytest.raises(JournalError, match="'fork' already"):
        await journal.fork("r", before, "fork")
    with pytest.raises(UnknownName, match="Unknown step"):
        await journal.fork("r", 10**9, "other")
    await journal.delete("fork")
    assert [each.run_id for each in await journal.runs()] == ["r"]
    assert len(await journal.steps("r")) == 3


async def test_a_person_answers_over_a_restart(make: Make, journal: DurableJournal) -> None:
    async def ask(run: OpenRun, text: str = "May I?") -> Any:
        return await Steps(run).child("gate").ask_person("approve", {"text": text})

    with anyio.move_on_after(0.2):  # as if it were killed while it waits
        async with journal.open("r", "demo", None) as run:
            await ask(run)
    async with make() as other:
        assert (await other.run("r")).state == "waiting"
        with pytest.raises(RunDiverged):
            async with journal.open("r", "demo", None) as run:
                await ask(run, "Another?")
        got = list[Any]()

        async def wait() -> None:
            async with journal.open("r", "demo", None) as run:
                got.append(await ask(run))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            while (await other.run("r")).owner is None:  # noqa: ASYNC110
                await anyio.sleep(0.01)
            await other.answer("r", ["gate"], "approve", 0, {"yes": True})
        with pytest.raises(JournalError, match="asks nothing at gate/approve#0"):
            await other.answer("r", ["gate"], "approve", 0, {"yes": False})
    assert got == [{"yes": True}]
    assert (await journal.run("r")).state == "running"
    async with journal.open("r", "demo", None) as run:
        assert await ask(run) == {"yes": True}


async def test_who_waits_for_a_person_hears_that_the_run_is_paused(
    make: Make, journal: DurableJournal
) -> None:
    async def pause() -> None:
        async with make() as other:
            while not await other.runs("waiting"):  # noqa: ASYNC110
                await anyio.sleep(0.01)
            await other.pause("r")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pause)
        with pytest.raises(RunPaused):
            async with journal.open("r", "demo", None) as run:
                await Steps(run).ask_person("approve", None)
    await journal.resume("r")
    assert (await journal.run("r")).state == "waiting"


async def test_a_run_that_is_not_open_does_nothing(journal: DurableJournal) -> None:
    run = journal.open("r", "demo", None)
    with pytest.raises(JournalError, match="not open"):
        await run.complete(1)
    with pytest.raises(JournalError, match="not open"):
        _ = run.record
