"""What is read without typer is what typer reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import typer

from toolyard.cli.app import app_for
from toolyard.cli.plain_words import FLAGS, LISTS, VALUES, parameters_in
from toolyard.cli.starting import arguments_in

ALL: Any = typer.main.get_command(app_for(["serve"]))
SERVE = ALL.commands["serve"]
PLAIN: list[list[str]] = [
    [],
    ["calculator"],
    ["calculator", "memory", "--port", "0", "mine.py:tools"],
    ["--port=65536", "calculator", "--rate", "10/s burst 50", "--allow=10.0.0.0/8", "-q"],
    ["--limit", "call_s=3", "a", "--set", "b.root=x=y", "--limit=body_bytes=5", "--json"],
    ["--tls-key", "k/../k.pem", "--tls-cert", "./c.pem", "--config", "f/", "--stdio", "--stdio"],
    ["--name", "a", "--host", "::1", "--name", "b c", "--workers", "7"],
    ["a=b", "", " ", "--instructions", "naïve\n", "--token", "\udcff"],
]


def by_typer(words: list[str]) -> Mapping[str, Any]:
    with SERVE.make_context("serve", list(words)) as context:
        return context.params


@pytest.mark.parametrize("words", PLAIN, ids=" ".join)
def test_plain_words_are_read_as_typer_reads_them(words: list[str]) -> None:
    found = parameters_in(words)
    assert found is not None
    assert found == by_typer(words)
    # Messages name options in the order in which they were given.
    assert list(arguments_in(found)) == list(arguments_in(by_typer(words)))


def test_every_option_is_plain_but_those_that_need_more_than_to_be_split() -> None:
    options = {name: each for each in SERVE.params for name in each.opts if name[0] == "-"}
    assert {*FLAGS, *LISTS, *VALUES} == options.keys() - {"--drain"}
    for name, option in options.items():
        assert (name in FLAGS) == option.is_flag
        assert (name in LISTS) == option.multiple


@pytest.mark.parametrize("option", [*FLAGS, *LISTS, *VALUES])
def test_an_option_by_itself_is_read_as_typer_reads_it(option: str) -> None:
    words = [option] if option in FLAGS else [option, "12"]
    assert parameters_in(words) == by_typer(words)


@pytest.mark.parametrize(
    "words",
    [
        *(["--help"], ["-h"], ["--bogus"], ["--bogus", "x"], ["--por", "1"], ["-qh"], ["-"]),
        *(
            ["--port"],
            ["--port", "x"],
            ["--port", "-1"],
            ["--port=1_0"],
            ["--port", "+1"],
            ["--port", "007"],
        ),
        *(["--name="], ["--name", ""], ["--token=-b"], ["--token", "-b"], ["--", "-x"]),
        *(["--quiet=1"], ["--drain", "3"], ["--port", "٣"], ["calculator", "--allow"]),
    ],
    ids=json.dumps,
)
def test_what_is_rare_or_wrong_is_left_to_typer(words: list[str]) -> None:
    assert parameters_in(words) is None


def test_names_of_files_are_paths() -> None:
    found = parameters_in(["--config", "toolyard.toml"])
    assert found is not None
    assert found["config"] == Path("toolyard.toml")
