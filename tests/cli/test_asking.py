"""`toolyard ask`, `toolyard batch` and `toolyard models`."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.cli.answering import answering, words
from tests.cli.command import Toolyard
from tests.llm.speech.openai_speech import OpenAISpeech
from tests.llm.test_providers import PNG
from tests.support.provider import API_KEY, Answer

from toolyard.config.approvals import approve

SPEECH = OpenAISpeech()
TOOLS = Path(__file__).with_name("talking_tools.py")
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "AI_API_KEY", "OPENROUTER_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_an_answer_is_printed_and_what_it_took_is_told(toolyard: Toolyard) -> None:
    ended = toolyard("ask", "Hello there", "--model", "echo")
    assert (ended.code, ended.output) == (0, "Hello there\n")
    assert ended.errors.endswith("read, 7 written, free.\n")


def test_the_model_of_the_environment(toolyard: Toolyard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOOLYARD_MODEL", "echo")
    assert toolyard("ask", "Hello").output == "Hello\n"


def test_no_model_is_named(toolyard: Toolyard) -> None:
    ended = toolyard("ask", "Hello")
    assert ended.code == 2
    assert "--model" in ended.errors
    assert "TOOLYARD_MODEL" in ended.errors


def test_a_question_from_standard_input(toolyard: Toolyard) -> None:
    assert toolyard("ask", "-", "--model", "echo", stdin="From a pipe").output == "From a pipe\n"


def test_json_for_scripts(toolyard: Toolyard) -> None:
    with answering(SPEECH.stream("Hi", "!")) as provider:
        ended = toolyard("ask", "Hello", *words(provider), "--json")
    assert json.loads(ended.output) == {
        "answer": "Hi!",
        "model": "openai:m-1",
        "calls": 1,
        "input_tokens": 11,
        "output_tokens": 7,
        "cost_usd": None,
    }


def test_another_server_gets_no_key_of_the_environment(
    toolyard: Toolyard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", API_KEY)
    with answering(SPEECH.stream("Hi")) as provider:
        assert toolyard("ask", "Hello", *words(provider), "--system", "Be kind.").code == 0
    (request,) = provider.requests
    assert API_KEY not in str(request.headers)
    assert request.body["messages"][0] == {"role": "system", "content": "Be kind."}


def test_a_key_for_another_server(toolyard: Toolyard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWN_KEY", API_KEY)
    with answering(SPEECH.stream("Hi")) as provider:
        ended = toolyard("ask", "Hello", *words(provider), "--key-env", "OWN_KEY", "--json")
        missing = toolyard("ask", "Hello", *words(provider), "--key-env", "NO_KEY")
    assert API_KEY in str(provider.requests[0].headers)
    assert API_KEY not in ended.output + ended.errors
    assert missing.code == 2
    assert "'NO_KEY'" in missing.errors


def test_a_profile(toolyard: Toolyard) -> None:
    with answering(SPEECH.stream("Hi")) as provider:
        toolyard("ask", "Hello", *words(provider), "--profile", "deterministic")
    assert provider.requests[0].body["temperature"] == 0
    ended = toolyard("ask", "Hello", "--model", "echo", "--profile", "wild")
    assert ended.code == 2
    assert "creative, balanced, deterministic" in ended.errors


def test_an_answer_to_a_schema(toolyard: Toolyard, tmp_path: Path) -> None:
    schema = tmp_path / "a.schema.json"
    schema.write_text(json.dumps(SCHEMA))
    with answering(SPEECH.text("No."), SPEECH.text('Sure: {"a": 5}')) as provider:
        ended = toolyard("ask", "Five?", *words(provider), "--output", str(schema))
    assert json.loads(ended.output) == {"a": 5}
    assert len(provider.requests) == 2
    assert "2 calls" in ended.errors


@pytest.mark.parametrize("text", ["{", "[]", '{"type": "array"}', None])
def test_a_schema_that_is_none(toolyard: Toolyard, tmp_path: Path, text: str | None) -> None:
    schema = tmp_path / "a.schema.json"
    if text is not None:
        schema.write_text(text)
    ended = toolyard("ask", "Five?", "--model", "echo", "--output", str(schema))
    assert ended.code == 2
    assert "a.schema.json" in ended.errors
    assert str(tmp_path) not in ended.errors


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer.of({"error": {"message": "no", "code": "invalid_api_key"}}, 401), 3),
        (Answer.of({"error": {"message": "no", "code": "invalid_value"}}, 400), 1),
    ],
)
def test_exit_codes(toolyard: Toolyard, answer: Answer, code: int) -> None:
    with answering(answer) as provider:
        ended = toolyard("ask", "Hello", *words(provider))
    assert (ended.code, ended.output) == (code, "")
    assert ended.errors.strip().endswith("no.")


def test_a_key_that_is_missing(toolyard: Toolyard) -> None:
    ended = toolyard("ask", "Hello", "--model", "openai:gpt-5-mini")
    assert ended.code == 3
    assert "set OPENAI_API_KEY" in ended.errors


def test_an_answer_cannot_steer_the_terminal(toolyard: Toolyard) -> None:
    ended = toolyard("ask", "a\x1b[31mb", "--model", "echo")
    assert ended.output == "a[31mb\n"


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().split("\n") if line]


def test_a_batch_keeps_the_order(toolyard: Toolyard, tmp_path: Path) -> None:
    file = tmp_path / "questions.txt"
    file.write_text("".join(f"Question {number}\n\n" for number in range(40)))
    ended = toolyard("batch", str(file), "-c", "7", "--model", "echo")
    assert ended.code == 0, ended.errors
    answers = lines_of(tmp_path / "questions.answers.jsonl")
    assert [line["answer"] for line in answers] == [f"Question {n}" for n in range(40)]
    assert "40 of 40 answers" in ended.errors
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "questions.answers.jsonl",
        "questions.txt",
    ]


def test_what_a_line_says_besides_is_repeated(toolyard: Toolyard, tmp_path: Path) -> None:
    file, to = tmp_path / "q.jsonl", tmp_path / "a.jsonl"
    file.write_text('"One"\n{"prompt": "Two\\u2028lines", "id": 7}\n')
    ended = toolyard("batch", str(file), "--to", str(to), "--model", "echo", "--json")
    one, two = lines_of(to)
    assert (one["answer"], two["answer"], two["id"]) == ("One", "Two\u2028lines", 7)
    said = json.loads(ended.output)
    assert (said["asked"], said["failed"], said["taken_up"]) == (2, 0, 0)


@pytest.mark.parametrize("line", ["{", "5", '{"question": "x"}', "[" * 99_999])
def test_a_line_that_is_no_question(toolyard: Toolyard, tmp_path: Path, line: str) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text(f'"One"\n{line}\n')
    ended = toolyard("batch", str(file), "--model", "echo")
    assert ended.code == 2
    assert "q.jsonl, line 2" in ended.errors
    assert not (tmp_path / "q.answers.jsonl").exists()


def test_questions_without_an_answer_are_told_and_asked_again(
    toolyard: Toolyard, tmp_path: Path
) -> None:
    file = tmp_path / "q.txt"
    file.write_text("One\nTwo\nThree\n")
    bad = Answer.of({"error": {"message": "odd", "code": "invalid_value"}}, 400)
    with answering(SPEECH.text("1"), bad, SPEECH.text("3"), SPEECH.text("2")) as provider:
        first = toolyard("batch", str(file), "-c", "1", *words(provider))
        assert first.code == 1
        assert "Question 2 has no answer" in first.errors
        halfway = lines_of(tmp_path / "q.answers.jsonl")
        assert [line.get("answer") for line in halfway] == ["1", None, "3"]
        assert "odd" in halfway[1]["error"]
        second = toolyard("batch", str(file), "-c", "1", *words(provider))
        assert second.code == 0
        assert "2 had been answered before" in second.errors
    assert [line["answer"] for line in lines_of(tmp_path / "q.answers.jsonl")] == ["1", "2", "3"]
    assert len(provider.requests) == 4


def test_another_model_is_asked_everything_anew(toolyard: Toolyard, tmp_path: Path) -> None:
    file = tmp_path / "q.txt"
    file.write_text("One\nTwo\n")
    bad = Answer.of({"error": {"message": "odd", "code": "invalid_value"}}, 400)
    with answering(SPEECH.text("1"), bad) as provider:
        toolyard("batch", str(file), "-c", "1", *words(provider))
    ended = toolyard("batch", str(file), "--model", "echo")
    assert "before" not in ended.errors
    assert [line["answer"] for line in lines_of(tmp_path / "q.answers.jsonl")] == ["One", "Two"]


def test_a_key_that_is_refused_ends_a_batch(toolyard: Toolyard, tmp_path: Path) -> None:
    file = tmp_path / "q.txt"
    file.write_text("One\nTwo\nThree\n")
    refused = Answer.of({"error": {"message": "no", "code": "invalid_api_key"}}, 401)
    with answering(SPEECH.text("1"), refused, SPEECH.text("2")) as provider:
        assert toolyard("batch", str(file), "-c", "1", *words(provider)).code == 3
        assert len(provider.requests) == 2
        ended = toolyard("batch", str(file), "-c", "1", *words(provider))
    assert ended.code == 0
    assert "1 had been answered before" in ended.errors


def test_a_batch_that_was_killed_goes_on(tmp_path: Path) -> None:
    file, part = tmp_path / "q.txt", tmp_path / "q.answers.jsonl.part"
    file.write_text("".join(f"Question {number}\n" for number in range(400)))
    command = [sys.executable, "-m", "toolyard", "batch", str(file), "-c", "2", "--model", "echo"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    ends = time.monotonic() + 30
    while not (part.exists() and part.read_text().count("\n") > 20) and time.monotonic() < ends:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    kept = part.read_text().count("\n")
    assert 20 < kept < 400, "it was not killed in the middle"
    part.write_text(part.read_text() + '{"number": 1')  # as if in the middle of a line
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert f"{kept} had been answered before" in ended.stderr
    answers = lines_of(tmp_path / "q.answers.jsonl")
    assert [line["answer"] for line in answers] == [f"Question {n}" for n in range(400)]
    assert not part.exists()


def test_answers_that_cannot_be_written(toolyard: Toolyard, tmp_path: Path) -> None:
    file = tmp_path / "q.txt"
    file.write_text("One\n")
    to = tmp_path / "missing" / "a.jsonl"
    ended = toolyard("batch", str(file), "--to", str(to), "--model", "echo")
    assert ended.code == 2
    assert "a.jsonl.part cannot be written" in ended.errors


def test_models(toolyard: Toolyard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XAI_API_KEY", API_KEY)
    ended = toolyard("models")
    assert ended.code == 0
    assert "set OPENAI_API_KEY" in ended.output
    assert "pip install 'toolyard[any-llm]'" in ended.output
    listed = json.loads(toolyard("models", "--json").output)
    states = {each["name"]: each["is_ready"] for each in listed}
    assert states["xai"]
    assert not states["openai"]
    assert API_KEY not in ended.output + ended.errors + json.dumps(listed)
    assert os.environ["XAI_API_KEY"] == API_KEY


def test_a_picture_is_shown_to_the_model(toolyard: Toolyard, tmp_path: Path) -> None:
    picture = tmp_path / "dot.png"
    picture.write_bytes(PNG)
    with answering(SPEECH.stream("A dot")) as provider:
        assert toolyard("ask", "What is it?", *words(provider), "--image", str(picture)).code == 0
    heard = SPEECH.heard(provider.requests[0].body)
    assert heard[1][1][:2] == ("image", "image/png")


@pytest.mark.parametrize("content", [b"no picture", None])
def test_what_is_no_picture(toolyard: Toolyard, tmp_path: Path, content: bytes | None) -> None:
    picture = tmp_path / "dot.png"
    if content is not None:
        picture.write_bytes(content)
    ended = toolyard("ask", "What is it?", "--model", "echo", "--image", str(picture))
    assert ended.code == 2
    assert "dot.png" in ended.errors
    assert str(tmp_path) not in ended.errors


ADDS = SPEECH.uses(("u1", "add", {"a": 1, "b": 2}), ("u2", "nothing", {"x": "\x1b[31m"}))


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Settings with tools."""
    file = tmp_path / "yard.toml"
    file.write_text(f"[tools.mine]\nkind = {str(TOOLS)!r}\n")
    return str(file)


def test_a_configured_tool_is_run_and_only_the_answer_is_printed(
    toolyard: Toolyard, config: str
) -> None:
    with answering(ADDS, SPEECH.text("It is 3")) as provider:
        ended = toolyard("ask", "1 + 2?", *words(provider), "--config", config)
    assert (ended.code, ended.output) == (0, "It is 3\n")
    assert "→ add a=1 b=2\n" in ended.errors
    assert re.search(r"✓ add a=1 b=2 \d+ ms: 3\n", ended.errors)
    assert re.search(r"✗ nothing .* There is no tool 'nothing'; there are: add, wait", ended.errors)
    assert "noise" in ended.errors
    assert "\x1b" not in ended.errors
    assert "2 calls" in ended.errors
    heard = SPEECH.heard(provider.requests[1].body)
    assert ("tool", ("result", "u1", "3")) in heard


def test_json_holds_the_tool_calls(toolyard: Toolyard, config: str, tmp_path: Path) -> None:
    schema = tmp_path / "a.schema.json"
    schema.write_text(json.dumps(SCHEMA))
    with answering(ADDS, SPEECH.text('{"a": 3}')) as provider:
        ended = toolyard(
            *("ask", "1 + 2?", *words(provider), "--config", config),
            *("--json", "--output", str(schema)),
        )
    said = json.loads(ended.output)
    assert said["answer"] == {"a": 3}
    called = {each["name"]: each for each in said["tool_calls"]}
    assert called["add"]["arguments"] == {"a": 1, "b": 2}
    assert (called["add"]["said"], called["add"]["is_error"]) == ("3", False)
    assert called["nothing"]["is_error"]


def test_tools_of_a_file_that_lies_here_are_used_once_it_is_approved(
    toolyard: Toolyard, config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path(config).rename(Path(config).with_name("toolyard.toml"))
    monkeypatch.chdir(here.parent)
    with answering(SPEECH.text("Hi"), SPEECH.stream("Hi")) as provider:
        refused = toolyard("ask", "Hello", *words(provider))
        approve(Path("toolyard.toml"), here.read_text())
        asked = toolyard("ask", "Hello", *words(provider))
        without = toolyard("ask", "Hello", *words(provider), "--no-tools")
    assert refused.code == 2
    assert "not approved" in refused.errors
    assert (asked.output, without.output) == ("Hi\n", "Hi\n")
    with_tools, plain = provider.requests
    assert [name for name, *_ in SPEECH.tools(with_tools.body)] == ["add", "wait"]
    assert "tools" not in plain.body


def test_a_configured_server_that_is_away_is_told(toolyard: Toolyard, tmp_path: Path) -> None:
    file = tmp_path / "yard.toml"
    file.write_text('[tools.far]\nurl = "http://127.0.0.1:9/mcp"\n')
    ended = toolyard("ask", "Hello", "--model", "echo", "--config", str(file))
    assert (ended.code, ended.output) == (4, "")


def test_a_batch_uses_the_tools_and_asks_anew_when_they_change(
    toolyard: Toolyard, config: str, tmp_path: Path
) -> None:
    file, to = tmp_path / "q.txt", tmp_path / "q.answers.jsonl"
    file.write_text("One\nTwo\n")
    bad = Answer.of({"error": {"message": "odd", "code": "invalid_value"}}, 400)
    line = ("batch", str(file), "-c", "1", "--config", config)
    with answering(ADDS, SPEECH.text("1"), bad, SPEECH.text("2")) as provider:
        assert toolyard(*line, *words(provider)).code == 1
        again = toolyard(*line, *words(provider))
    assert "1 had been answered before" in again.errors
    assert [each["answer"] for each in lines_of(to)] == ["1", "2"]
    assert [each["tool_calls"] for each in lines_of(to)] == [2, 0]
    assert lines_of(to)[0]["usage"]["calls"] == 2
    with answering(SPEECH.text("1"), bad) as provider:
        toolyard(*line, *words(provider))
        Path(config).write_text(Path(config).read_text() + 'without = "add"\n')
        changed = toolyard(*line, *words(provider))
    assert "before" not in changed.errors
