"""`toolyard team`."""

import json
import re
import shutil
import signal
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.answering import answering, words
from tests.cli.command import Toolyard
from tests.llm.speech.openai_speech import OpenAISpeech
from tests.support.process import free_port, running
from tests.support.provider import Answer
from tests.support.redis import Redis, redis
from tests.support.serving import COMMAND

SPEECH = OpenAISpeech()
OWN = Path(__file__).with_name("own_team.py")
TOOLS = Path(__file__).with_name("talking_tools.py")
PRD = """# A game of trains

- [ ] html: The page
  - Opens without errors
- [ ] js: The game
  depends on: html
"""


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Redis]:
    with redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def store(redis_server: Redis, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store without a pool in it, as the environment says."""
    redis_server.ask("FLUSHALL")
    monkeypatch.setenv("TOOLYARD_STORE", redis_server.url)
    return redis_server.url


@pytest.fixture
def prd(tmp_path: Path) -> str:
    """A document with two items, one of which waits for the other."""
    file = tmp_path / "PRD.md"
    file.write_text(PRD)
    return str(file)


def status_of(toolyard: Toolyard, pool: str = "game") -> Any:
    return json.loads(toolyard("team", "status", pool, "--json").output)


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
def test_agents_join_a_pool_and_do_what_is_in_it(
    toolyard: Toolyard,
    redis_server: Redis,
    prd: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    redis_server.ask("FLUSHALL")
    place = redis_server.url if kind == "redis" else f"sqlite:{tmp_path / 'team.db'}"
    monkeypatch.setenv("TOOLYARD_STORE", place)
    added = toolyard("team", "add", "game", prd)
    assert added.code == 0
    assert "0 of 2 completed · 0 worked on · 2 waiting · 0 failed" in added.output
    assert "2 items are in game" in added.errors

    ended = toolyard("team", "join", "game", "--model", "echo", "--name", "Ann", "--workers", "2")
    assert ended.code == 0
    assert ended.output == "2 items completed here. The pool is done.\n"
    assert re.findall(r"completed (\w+)$", ended.errors, re.MULTILINE) == ["html", "js"]
    assert "A game of trains" not in ended.output
    assert "2 calls" in ended.errors

    told = status_of(toolyard)
    assert (told["completed"], told["score"], told["is_done"]) == (2, 1.0, True)
    shown = toolyard("team", "status", "game").output
    assert "█" * 30 + "  100%" in shown
    again = toolyard("team", "join", "game", "--model", "echo", "--json")
    told = json.loads(again.output)
    assert (told["completed"], told["failed"], told["ended"]) == ([], [], "all_done")
    assert again.errors == ""


def test_who_joins_has_the_task_and_the_configured_tools(
    toolyard: Toolyard, store: str, prd: str, tmp_path: Path
) -> None:
    config = tmp_path / "yard.toml"
    config.write_text(f"[tools.mine]\nkind = {str(TOOLS)!r}\n")
    assert toolyard("team", "add", "game", prd, "--task", "Trains!").code == 0
    adds = SPEECH.uses(("u1", "add", {"a": 1, "b": 2}))
    with answering(adds, SPEECH.text("It is 3")) as provider:
        join = ("team", "join", "game", *words(provider), "--config", str(config), "--json")
        ended = toolyard(*join, "--max-items", "1", "--system", "Be brief.")
    assert ended.code == 0
    told = json.loads(ended.output)
    assert (told["completed"], told["ended"], told["calls"]) == (["html"], "max_iterations", 2)
    first, second = provider.requests
    assert [name for name, *_ in SPEECH.tools(first.body)] == ["add", "wait"]
    heard = SPEECH.heard(second.body)
    assert ("tool", ("result", "u1", "3")) in heard
    said = json.dumps(first.body)
    assert all(each in said for each in ("Trains!", "The page", "Opens without", "Be brief."))
    assert status_of(toolyard)["completed"] == 1


def test_an_item_that_fails_is_shown_and_ends_with_1(
    toolyard: Toolyard, store: str, tmp_path: Path
) -> None:
    items = tmp_path / "items.json"
    items.write_text('[{"id": "a", "title": "One"}]')
    assert toolyard("team", "add", "game", str(items), "--attempts", "1").code == 0
    with answering(Answer.of({"error": {"message": "No."}}, 400)) as provider:
        ended = toolyard("team", "join", "game", *words(provider))
    assert (ended.code, ended.output) == (1, "")
    assert "Nobody answered" in ended.errors
    shown = toolyard("team", "status", "game")
    assert shown.code == 0
    assert re.search(r"^a +1 ", shown.output, re.MULTILINE)
    assert [each["id"] for each in status_of(toolyard)["failures"]] == ["a"]


def test_an_interrupt_gives_back_what_was_begun(toolyard: Toolyard, store: str, prd: str) -> None:
    assert toolyard("team", "add", "game", prd).code == 0
    with answering(Answer(hangs=True)) as provider:
        command = [COMMAND, "team", "join", "game", "--store", store, *words(provider)]
        with running(["sh", "-c", 'exec "$@" 2>&1', "sh", *command]) as process:
            ends = time.monotonic() + 12
            while not provider.requests:
                assert time.monotonic() < ends, process.output
                time.sleep(0.02)
            working = status_of(toolyard)["working"]
            assert [each["item_id"] for each in working] == ["html"]
            assert working[0]["worker"].startswith("worker@")
            process._process.send_signal(signal.SIGINT)
            assert process._process.wait(10) == 130
            process.close()
    assert "Interrupted: 0 items completed here" in process.output
    assert "Traceback" not in process.output
    told = status_of(toolyard)
    assert (told["waiting"], told["working"], told["failures"]) == (2, [], [])


def test_a_pool_is_watched_until_it_is_done(toolyard: Toolyard, store: str, prd: str) -> None:
    assert toolyard("team", "add", "game", prd).code == 0
    watch = [COMMAND, "team", "status", "game", "--store", store, "--watch"]
    with running(watch) as process:
        assert process.line("completed").startswith("0 of 2")
        assert toolyard("team", "join", "game", "--model", "echo").code == 0
        assert process.line("2 of 2").endswith("0 waiting · 0 failed")
        assert process._process.wait(10) == 0
    lines = [json.loads(line) for line in toolyard(*watch[1:], "--json").output.splitlines()]
    assert [line["is_done"] for line in lines] == [True]


def test_what_is_no_pool(
    toolyard: Toolyard, store: str, prd: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = toolyard("team", "status", "none")
    assert missing.code == 1
    assert "none" in missing.errors
    late = toolyard("team", "join", "none", "--model", "echo", "--wait", "0.1")
    assert late.code == 1
    assert "no items in the pool 'none'" in late.errors
    assert toolyard("team", "join", "game").code == 2  # which model?
    for place, code in (
        ("memory", 2),
        (f"sqlite:{tmp_path / 'none.db'}", 2),
        (f"redis://127.0.0.1:{free_port()}/0", 4),
    ):
        monkeypatch.setenv("TOOLYARD_STORE", place)
        for words_of in (("status", "game"), ("join", "game", "--model", "echo")):
            ended = toolyard("team", *words_of)
            assert (ended.code, ended.output) == (code, ""), (place, words_of)
    assert not (tmp_path / "none.db").exists()
    bad = tmp_path / "bad.json"
    bad.write_text('[{"id": "a", "depends_on": ["b"]}]')
    ended = toolyard("team", "add", "game", str(bad), "--store", store)
    assert ended.code == 2
    assert "depends on 'b'" in ended.errors


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A copy of the teams, so that what is noted is of one test."""
    return Path(shutil.copy(OWN, tmp_path / "team.py"))


def test_a_team_from_ones_own_file_is_run_and_watched(toolyard: Toolyard, file: Path) -> None:
    ended = toolyard("team", "run", f"{file}:press", "Trains")
    assert (ended.code, ended.output) == (0, "Printed: It is 3.\n")
    assert "press  Pipeline with 3 members" in ended.errors
    assert "sums" in ended.errors
    assert "printing" in ended.errors  # what the file prints is no result
    told = toolyard("team", "run", f"{file}:board", "-", "--rounds", "2", "--json", stdin="Go")
    result = json.loads(told.output)
    assert result["output"] == {"Ann": ["Go", "Go"], "Ben": ["Go", "Go"]}
    assert [each["id"] for each in result["steps"]] == ["Ann", "Ben", "Ann#2", "Ben#2"]
    assert told.errors == ""


def test_a_function_may_open_what_a_team_needs(toolyard: Toolyard, file: Path) -> None:
    ended = toolyard("team", "run", f"{file}:opened", "Go")
    assert (ended.code, ended.output) == (0, "It is 9.\n")
    asked = file.with_name("asked.txt").read_text().split()
    assert asked == ["opened", "Ann", "add", "Ann", "closed"]
    file.write_text(file.read_text().replace("yield Pipeline([", "yield ([", 1))
    ended = toolyard("team", "run", f"{file}:opened", "Go")
    assert (ended.code, ended.output) == (2, "")
    assert "gives a list, and no workflow" in ended.errors


def test_what_the_file_raises_is_told_with_its_line(toolyard: Toolyard, file: Path) -> None:
    text = file.read_text() + '\nbad = Pipeline([fails], on_error="raise")\n'
    file.write_text(text)
    line = text[: text.index("raise ValueError")].count("\n") + 1
    ended = toolyard("team", "run", f"{file}:bad", "it")
    assert (ended.code, ended.output) == (1, "")
    assert ended.errors.endswith(f"team.py, line {line}: ValueError: I cannot do it\n")
    assert "Traceback" not in ended.errors


def test_a_team_of_teams_has_all_its_tools(toolyard: Toolyard, file: Path) -> None:
    file.write_text(file.read_text() + '\nouter = Pipeline([press, prints], name="outer")\n')
    ended = toolyard("team", "run", f"{file}:outer", "Trains")
    assert (ended.code, ended.output) == (0, "Printed: Printed: It is 3.\n")


@pytest.mark.parametrize(
    ("words_of", "said"),
    [
        (["none.py", "Go"], "no file 'none.py'"),
        (
            ["FILE", "Go"],
            "several workflows; say which: team.py:NAME (press, stalled, ",
        ),
        (["FILE:other", "Go"], "no workflow 'other'"),
        (["FILE:press", "Go", "--rounds", "2"], "leave out --rounds"),
        (["FILE:asks", "Go", "--durable", "runs.db"], "sqlite:PATH"),
        (["EMPTY", "Go"], "has no workflow; make one"),
    ],
)
def test_wrong_usage_of_a_team(
    toolyard: Toolyard, file: Path, tmp_path: Path, words_of: list[str], said: str
) -> None:
    (tmp_path / "empty.py").write_text("")
    places = {"FILE": str(file), "EMPTY": str(tmp_path / "empty.py")}
    named = [re.sub("FILE|EMPTY", lambda found: places[found[0]], word) for word in words_of]
    ended = toolyard("team", "run", *named)
    assert (ended.code, ended.output) == (2, "")
    assert said in " ".join(ended.errors.split())


def test_a_person_is_asked_in_durable_runs_only(toolyard: Toolyard, file: Path) -> None:
    ended = toolyard("team", "run", f"{file}:asks", "Go")
    assert "durable runs only" in ended.errors
