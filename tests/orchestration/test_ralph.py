"""Members go on with a checklist in turn until all of it is done."""

from pathlib import Path
from typing import Unpack

import anyio
import pytest
from tests.support.teams import Ear, Player

from toolyard.core.errors import ConfigError, ModelError
from toolyard.core.workflow_errors import WorkflowError
from toolyard.events.orchestration_events import (
    RalphIterationStarted,
    RalphTaskCompleted,
    TaskFailed,
)
from toolyard.orchestration.engines.task_board import CHECKLIST, HOW, NOTES
from toolyard.orchestration.presets.ralph import Ralph
from toolyard.orchestration.work.item import Verdict, WorkItem
from toolyard.orchestration.workflow import WorkflowOptions

pytestmark = pytest.mark.anyio

HTML = WorkItem("html", "The page")
CSS = WorkItem("css", "The style", depends_on=("html",))
JS = WorkItem("js")


def done(*ids: str) -> str:
    return " ".join(f"[TASK_COMPLETE:{each}]" for each in ids)


def told(board: str, *, news: str = "", notes: str = "") -> str:
    """What a member is told at its turn."""
    parts = [news, f"{CHECKLIST}\n{board}", notes and f"{NOTES}\n{notes}", HOW]
    return "\n\n".join(filter(None, parts))


def said(name: str, text: str) -> str:
    return f'<said by="{name}">\n{text}\n</said>'


async def test_each_hears_the_task_the_list_and_what_others_did_since_its_turn() -> None:
    ann, bob = Player("Ann", "I read.", "Now. " + done("css")), Player("Bob", done("html"))
    page = WorkItem("html", "The page", "One file.\nNo scripts.", ("It opens.", "It is short."))

    result = await Ralph([page, CSS], [ann.agent, bob.agent]).run("Build it.")

    html = (
        "html: The page\n  One file.\n  No scripts.\n  It is accepted when:\n"
        "  - It opens.\n  - It is short."
    )
    first = f"[ ] {html}\n[ ] css: The style\n  It waits for: html"
    assert ann.heard == [
        told(first, news="The task:\nBuild it."),
        told(f"[x] {html}\n[ ] css: The style", news=said("Bob", done("html"))),
    ]
    assert bob.heard == [told(first, news="The task:\nBuild it.\n\n" + said("Ann", "I read."))]
    assert result.text == f"Bob:\n{done('html')}\n\nAnn:\nNow. {done('css')}"
    assert result.output == {"html": done("html"), "css": "Now. " + done("css")}
    assert (result.status, result.ended, result.score, result.rounds) == (
        "complete",
        "all_done",
        1.0,
        2,
    )
    assert result.metadata["open"] == ()


async def test_nobody_is_asked_after_all_is_done() -> None:
    ann, bob = Player("Ann", done("js", "html")), Player("Bob")

    result = await Ralph([HTML, JS], [ann.agent, bob.agent]).run("Go.")

    assert (result.ended, result.rounds, len(result.steps), bob.heard) == ("all_done", 1, 1, [])


async def test_an_empty_list_is_done_without_a_round() -> None:
    ann = Player("Ann")

    result = await Ralph([], [ann.agent]).run("Go.")

    assert (result.status, result.score, result.rounds, ann.heard) == ("complete", 1.0, 0, [])


async def test_it_ends_partial_after_as_many_iterations_as_there_may_be() -> None:
    ear = Ear()
    ann = Player("Ann", done("html", "html", "nothing"), done("html"), done("js"))

    team = Ralph([HTML, CSS, JS], [ann.agent], max_iterations=3, on_event=ear.bus)
    result = await team.run("Go.")

    assert (result.status, result.ended, result.rounds) == ("partial", "max_iterations", 3)
    assert result.score == pytest.approx(2 / 3)
    assert result.metadata["open"] == ("css",)
    assert [(each.iteration, each.tasks_completed) for each in ear.of(RalphIterationStarted)] == [
        (1, 0),
        (2, 1),
        (3, 1),
    ]
    completed = ear.of(RalphTaskCompleted)
    assert [(each.task_ids, each.tasks_completed_total) for each in completed] == [
        (("html",), 1),
        (("js",), 2),
    ]


async def test_what_does_not_count_is_told_to_whoever_marked_it_at_its_next_turn() -> None:
    ann = Player("Ann", f"{done('css', ' html2 ')} `{done('js')}`", "Hm.", "Hm.")
    bob = Player("Bob", "Hm.", "Hm.", "Hm.")

    await Ralph([HTML, CSS, JS], [ann.agent, bob.agent], max_iterations=3).run("Go.")

    board = "[ ] html: The page\n[ ] css: The style\n  It waits for: html\n[ ] js"
    notes = (
        "html2: there is no such item.\njs: it was marked inside of code or a quotation.\n"
        "css: it waits for html."
    )
    assert ann.heard[1] == told(board, news=said("Bob", "Hm."), notes=notes)
    assert ann.heard[2] == told(board, news=said("Bob", "Hm."))
    assert NOTES not in "".join(bob.heard)


async def test_one_answer_may_complete_an_item_and_what_waits_for_it_in_any_order() -> None:
    ann = Player("Ann", done("css", "html"))

    result = await Ralph([CSS, HTML], [ann.agent]).run("Go.")

    assert result.ended == "all_done"


async def test_an_item_counts_once_its_check_passes_and_the_reason_is_told() -> None:
    ear = Ear()
    asked = list[tuple[str, str]]()

    async def check(item: WorkItem, answer: str) -> Verdict:
        asked.append((item.id, answer))
        return Verdict(len(asked) > 1, "It is <said> empty.")

    item = WorkItem("html", check=check)
    ann = Player("Ann", done("html"), "Better. " + done("html"))
    result = await Ralph([item], [ann.agent], on_event=ear.bus).run("Go.")

    assert asked == [("html", done("html")), ("html", "Better. " + done("html"))]
    assert ann.heard[1] == told(
        "[ ] html", notes=said("the check of html", "It is &lt;said> empty.")
    )
    assert [(each.task_id, each.error) for each in ear.of(TaskFailed)] == [
        ("html", "It is <said> empty.")
    ]
    assert (result.ended, len(ear.of(RalphTaskCompleted))) == ("all_done", 1)


async def test_a_check_for_all_is_for_items_without_one_and_may_take_only_so_long() -> None:
    def own(item: WorkItem, answer: str) -> bool:
        del item, answer
        return True

    async def slow(item: WorkItem, answer: str) -> bool:
        await anyio.sleep_forever()
        return bool(item and answer)

    items = [WorkItem("a", check=own), WorkItem("b")]
    ann = Player("Ann", done("a", "b"))
    team = Ralph(items, [ann.agent], max_iterations=1, check=slow, check_timeout_s=0.01)

    assert (await team.run("Go.")).metadata["open"] == ("b",)


async def test_a_reviewer_looks_at_what_passed_its_check_and_its_failure_is_no_yes() -> None:
    lines = (
        '{"passes": false, "reason": "No title."}',
        ModelError("ill."),
        '{"passes": true, "reason": ""}',
    )
    rex = Player("Rex", *lines)
    ann = Player("Ann", *[done("html")] * 3)

    result = await Ralph([HTML], [ann.agent], reviewer=rex.agent).run("Go.")

    assert (result.ended, result.rounds) == ("all_done", 3)
    assert "Item html: The page" in rex.heard[0]
    assert said("the worker", done("html")) in rex.heard[0]
    assert said("the check of html", "No title.") in ann.heard[1]
    assert "could not be reviewed" in ann.heard[2]
    assert [step.id for step in result.steps[:2]] == ["Ann", "html.review"]
    assert result.by_task["html"].usage.calls == 5


async def test_one_that_fails_is_left_out_or_shown_or_ends_the_run() -> None:
    def team(**options: Unpack[WorkflowOptions]) -> tuple[Ralph, Player, Player]:
        ann = Player("Ann", ModelError("Ann is ill."), done("html"))
        bob = Player("Bob", "Hm.", "Hm.")
        return Ralph([HTML], [ann.agent, bob.agent], **options), ann, bob

    skipping, ann, bob = team()
    result = await skipping.run("Go.")
    assert (result.ended, result.rounds) == ("all_done", 2)
    assert ann.heard[1].startswith("The task:\nGo.\n\n" + said("Bob", "Hm."))
    assert "ill" not in bob.heard[0]

    showing, _, bob = team(on_error="show")
    await showing.run("Go.")
    assert said("Ann", "(Ann failed: Ann is ill.)") in bob.heard[0]

    with pytest.raises(ModelError, match=r"Ann is ill\."):
        await team(on_error="raise")[0].run("Go.")

    gone = Player("Ann", *[ModelError("gone.")] * 3)
    with pytest.raises(WorkflowError, match=r"Nobody answered: Ann: gone\.$"):
        await Ralph([HTML], [gone.agent], max_iterations=3).run("Go.")


async def test_one_who_remembers_nothing_is_told_all_of_it_each_time() -> None:
    heard = list[str]()

    def forgets(task: str) -> str:
        heard.append(task)
        return "Hm." if len(heard) == 1 else done("html")

    await Ralph([HTML], {"f": forgets}).run("Go.")

    assert heard[1] == told(
        "[ ] html: The page", news="The task:\nGo.\n\n" + said("f (you)", "Hm.")
    )


async def test_a_second_run_starts_clean() -> None:
    ann = Player("Ann", done("js", "x"), done("js"))
    team = Ralph([JS], [ann.agent])

    await team.run("One.")
    result = await team.run("Two.")

    assert ann.heard[1] == told("[ ] js", news="The task:\nTwo.")
    assert (result.rounds, result.score) == (1, 1.0)


async def test_a_turn_with_one_item_left_is_counted_as_about_that_item() -> None:
    ann = Player("Ann", done("html"), done("css"))

    result = await Ralph([HTML, CSS, JS], [ann.agent], max_iterations=2).run("Go.")
    assert [step.task_id for step in result.steps] == ["", ""]

    ann = Player("Ann", done("html"), done("css"))
    result = await Ralph([HTML, CSS], [ann.agent]).run("Go.")
    assert [step.task_id for step in result.steps] == ["html", "css"]


async def test_a_run_that_failed_asks_nobody_again_for_what_was_answered(tmp_path: Path) -> None:
    checked = list[str]()

    def check(item: WorkItem, answer: str) -> str:
        checked.append(item.id)
        return "" if "good" in answer else "It is not good."

    ann = Player("Ann", done("js"), "good " + done("js"), "good " + done("css"))
    bob = Player("Bob", "good " + done("html"), ModelError("gone"), "Hm.")
    team = Ralph([HTML, CSS, JS], [ann.agent, bob.agent], check=check, on_error="raise")
    place = f"sqlite:{tmp_path}/runs.db"
    with pytest.raises(ModelError):
        await team.run("Go.", durable=place, run_id="r")

    result = await team.resume("r", durable=place)

    assert (result.ended, result.rounds, list(result.output)) == (
        "all_done",
        3,
        ["html", "js", "css"],
    )
    assert (len(ann.heard), len(bob.heard)) == (3, 3)
    assert checked == ["js", "html", "js", "css"]


def test_what_cannot_be_is_refused() -> None:
    ann = Player("Ann").agent
    with pytest.raises(ConfigError, match="max_iterations must be 1 or more, not 0"):
        Ralph([JS], [ann], max_iterations=0)
    with pytest.raises(ConfigError, match="check_timeout_s must be over 0, not 0"):
        Ralph([JS], [ann], check_timeout_s=0)
    with pytest.raises(ConfigError, match="'css' depends on 'html'"):
        Ralph([CSS], [ann])
    with pytest.raises(ConfigError, match="'Ann'"):
        Ralph([JS], [ann], reviewer=Player("Ann").agent)
