"""The commands of the page about models."""

import json
from pathlib import Path

from tests.docs.pages import MODELS
from tests.docs.shell import shell

from toolyard.core import errors
from toolyard.core.errors import ModelError


def test_the_commands_of_the_page(tmp_path: Path) -> None:
    with shell(tmp_path) as typing:
        told = [typing.types(command) for command in MODELS.commands]
    models, asked, as_json, *_ = told
    assert "openai" in models
    assert asked.strip() == "What is a yard?"
    assert json.loads(as_json)["answer"] == "What is a yard?"
    answers = (tmp_path / "questions.answers.jsonl").read_text().splitlines()
    assert [json.loads(line)["answer"] for line in answers] == [
        "What is a yard?",
        "What is a rail?",
    ]


def test_the_page_lists_every_error() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    models = {each.__name__ for each in kinds if issubclass(each, ModelError)} - {"ModelError"}
    assert models
    for name in models:
        assert f"| `{name}` |" in MODELS.text
