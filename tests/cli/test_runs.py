"""`toolyard runs`."""

import json
import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.cli.command import Toolyard

from toolyard import SqliteJournal
from toolyard.wiring.workflow_file import workflow_in

OWN = Path(__file__).with_name("own_team.py")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A copy of the teams, so that what is noted is of one test."""
    return Path(shutil.copy(OWN, tmp_path / "team.py"))


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where runs are kept, as the environment says."""
    place = f"sqlite:{tmp_path / 'runs.db'}"
    monkeypatch.setenv("TOOLYARD_JOURNAL", place)
    return place


def asked(file: Path) -> list[str]:
    """Who was asked so far, in order."""
    return file.with_name("asked.txt").read_text().split()


def a_run(toolyard: Toolyard, file: Path, journal: str, run_id: str = "r1") -> None:
    words = (f"{file}:press", "Trains", "--durable", journal, "--run-id", run_id)
    assert toolyard("team", "run", *words).code == 0


def begun(file: Path, journal: str, name: str, state: str) -> None:
    """Begin a run `r2` of a team, and end it once a step is in that state."""

    async def begin() -> None:
        async with (
            workflow_in(f"{file}:{name}")() as team,
            SqliteJournal(journal.removeprefix("sqlite:")) as kept,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(partial(team.run, "Ship it?", durable=kept, run_id="r2"))

            async def is_there() -> bool:
                if not await kept.runs():
                    return False
                return any(each.state == state and each.seq > 1 for each in await kept.steps("r2"))

            with anyio.fail_after(10):
                while not await is_there():  # noqa: ASYNC110 - the run is elsewhere
                    await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()

    anyio.run(begin)


def a_question(file: Path, journal: str) -> None:
    """A run `r2` that waits for a person, and is executed no more."""
    begun(file, journal, "asks", "waiting")


def steps_of(toolyard: Toolyard, run_id: str) -> list[Any]:
    return json.loads(toolyard("runs", "show", run_id, "--json").output)["steps"]


def state_of(toolyard: Toolyard, run_id: str) -> str:
    return json.loads(toolyard("runs", "show", run_id, "--json").output)["state"]


def test_runs_are_listed_and_shown_as_a_tree(toolyard: Toolyard, file: Path, journal: str) -> None:
    a_run(toolyard, file, journal)
    a_question(file, journal)

    listed = toolyard("runs", "list")
    assert [line.split()[:4] for line in listed.output.splitlines()[1:]] == [
        ["r2", "waiting", "asks", "Ship"],
        ["r1", "complete", "press", "Trains"],
    ]
    found = json.loads(toolyard("runs", "list", "--state", "waiting", "--json").output)
    assert [(each["run_id"], each["state"]) for each in found] == [("r2", "waiting")]

    shown = toolyard("runs", "show", "r1")
    lines = [re.sub(r"(?<=[\w\]])  .*", "", line) for line in shown.output.splitlines()]
    assert lines == [
        "Trains",
        "r1",
        "├── drafts",
        "│   └── #1 call",
        "├── sums",
        "│   ├── #2 model",
        "│   ├── turn 1",
        "│   │   └── #3 add",
        "│   └── #4 model[1]",
        "└── prints",
        "    └── #5 call",
    ]
    assert "done" in shown.output
    one = toolyard("runs", "show", "r1", "--step", "3")
    assert '"a": 1' in one.output
    assert json.loads(toolyard("runs", "show", "r1", "--step", "1", "--json").output)["seq"] == 1


def test_a_person_is_asked_and_answers_and_the_run_goes_on(
    toolyard: Toolyard, file: Path, journal: str
) -> None:
    a_question(file, journal)
    shown = toolyard("runs", "show", "r2")
    assert "waiting" in shown.output
    assert "Boss is asked: A draft of: Ship it?" in shown.errors
    step = steps_of(toolyard, "r2")[-1]["seq"]
    assert f"toolyard runs answer r2 {step} VALUE" in shown.errors

    assert toolyard("runs", "answer", "r2", str(step), "Yes").code == 0
    again = toolyard("runs", "answer", "r2", str(step), "No")
    assert again.code == 1

    ended = toolyard("runs", "resume", "r2", f"{file}:asks")
    assert (ended.code, ended.output) == (0, "Printed: Yes\n")
    assert asked(file) == ["drafts"]
    assert state_of(toolyard, "r2") == "complete"


def test_an_answer_may_be_json(toolyard: Toolyard, file: Path, journal: str) -> None:
    a_question(file, journal)
    step = str(steps_of(toolyard, "r2")[-1]["seq"])
    assert toolyard("runs", "answer", "r2", step, "{", "--value-json").code == 2
    words = ("r2", step, '{"ok": true}', "--value-json", "--json")
    assert json.loads(toolyard("runs", "answer", *words).output)["run_id"] == "r2"
    assert steps_of(toolyard, "r2")[-1]["output"] == {"ok": True}


def test_a_run_is_paused_resumed_and_cancelled(
    toolyard: Toolyard, file: Path, journal: str
) -> None:
    a_question(file, journal)
    assert json.loads(toolyard("runs", "pause", "r2", "--json").output)["state"] == "paused"
    durable = (f"{file}:asks", "Ship it?", "--durable", journal, "--run-id", "r2")
    refused = toolyard("team", "run", *durable)
    assert refused.code == 1
    assert "paused" in refused.errors

    assert toolyard("runs", "resume", "r2").code == 0
    assert state_of(toolyard, "r2") == "waiting"
    assert toolyard("runs", "resume", "r2").code == 1
    assert "cancelled" in toolyard("runs", "cancel", "r2").errors
    refused = toolyard("runs", "resume", "r2", f"{file}:asks")
    assert refused.code == 1
    assert "cancelled" in refused.errors


def test_a_paused_run_is_gone_on_with_at_once(toolyard: Toolyard, file: Path, journal: str) -> None:
    a_question(file, journal)
    step = str(steps_of(toolyard, "r2")[-1]["seq"])
    assert toolyard("runs", "answer", "r2", step, "Yes").code == 0
    assert toolyard("runs", "pause", "r2").code == 0
    ended = toolyard("runs", "resume", "r2", f"{file}:asks", "--json")
    assert ended.code == 0
    told = json.loads(ended.output)
    assert (told["text"], told["run_id"]) == ("Printed: Yes", "r2")
    assert [each["member"] for each in told["steps"]] == ["drafts", "Boss", "prints"]


def test_a_fork_does_only_what_comes_after_anew(
    toolyard: Toolyard, file: Path, journal: str
) -> None:
    a_run(toolyard, file, journal)
    assert asked(file) == ["drafts", "sums", "add", "sums"]
    made = toolyard("runs", "fork", "r1", "--before", "5", "--as", "r3")
    assert (made.code, made.output) == (0, "r3\n")
    ended = toolyard("runs", "resume", "r3", f"{file}:press")
    assert (ended.code, ended.output) == (0, "Printed: It is 3.\n")
    assert "printing It is 3." in ended.errors
    assert asked(file) == ["drafts", "sums", "add", "sums"]
    assert "forked from r1 before #5" in toolyard("runs", "show", "r3").output
    assert toolyard("runs", "fork", "r1", "--before", "5", "--as", "r3").code == 1
    assert toolyard("runs", "fork", "r1", "--before", "99").code == 1


def test_a_recorded_run_is_replayed_without_asking_anybody(
    toolyard: Toolyard, file: Path, journal: str, tmp_path: Path
) -> None:
    a_run(toolyard, file, journal)
    before, record = asked(file), str(tmp_path / "r1.jsonl")
    told = toolyard("runs", "export", "r1", record, "--json")
    assert json.loads(told.output) == {"run_id": "r1", "file": record}

    ended = toolyard("runs", "replay", record, f"{file}:press")
    assert (ended.code, ended.output) == (0, "Printed: It is 3.\n")
    again = toolyard("runs", "replay", record, f"{file}:press", "--json")
    assert json.loads(again.output)["text"] == "Printed: It is 3."
    assert "printing" not in ended.errors
    assert asked(file) == before

    file.write_text(file.read_text().replace("=[box])", '=[box], system_prompt="Be brief.")'))
    diverged = toolyard("runs", "replay", record, f"{file}:press")
    assert (diverged.code, diverged.output) == (1, "")
    assert "diverged" in diverged.errors
    assert asked(file) == before
    assert toolyard("runs", "replay", record, f"{file}:asks").code == 1


def test_a_step_that_was_interrupted_is_shown_to_be_in_doubt(
    toolyard: Toolyard, file: Path, journal: str
) -> None:
    begun(file, journal, "stalled", "intent")
    assert re.search(r"call .* in flight$", toolyard("runs", "show", "r2").output, re.MULTILINE)
    ended = toolyard("runs", "resume", "r2", f"{file}:stalled")
    assert (ended.code, ended.output) == (0, "A draft of: Ship it?\n")
    assert "It did not come to its end: stages_failed." in ended.errors
    assert asked(file).count("drafts") == 1
    assert "in doubt  flagged" in toolyard("runs", "show", "r2").output


def test_a_run_is_deleted(toolyard: Toolyard, file: Path, journal: str) -> None:
    a_run(toolyard, file, journal)
    assert toolyard("runs", "delete", "r1").code == 0
    assert toolyard("runs", "show", "r1").code == 1
    assert json.loads(toolyard("runs", "list", "--json").output) == []


def test_what_is_not_there(toolyard: Toolyard, file: Path, journal: str, tmp_path: Path) -> None:
    lacking = toolyard("runs", "list")
    assert lacking.code == 2
    assert "There is no file runs.db." in lacking.errors
    assert not (tmp_path / "runs.db").exists()
    resumed = toolyard("runs", "resume", "r1", f"{file}:press")
    assert resumed.code == 2
    a_run(toolyard, file, journal)
    for words in (
        ("show", "none"),
        ("show", "r1", "--step", "77"),
        ("answer", "r1", "1", "Yes"),
        ("pause", "r1"),
        ("delete", "none"),
        ("resume", "none", f"{file}:press"),
    ):
        ended = toolyard("runs", *words)
        assert (ended.code, ended.output) == (1, ""), words
    states = toolyard("runs", "list", "--state", "odd")
    assert states.code == 2
    assert "complete" in states.errors
    assert toolyard("runs", "list", "--journal", "runs.db").code == 2


def test_a_journal_must_be_named(toolyard: Toolyard) -> None:
    ended = toolyard("runs", "list")
    assert ended.code == 2
    assert "--journal" in ended.errors
