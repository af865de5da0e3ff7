"""Options in the environment, read with and without the library that knows tables."""

from __future__ import annotations

import os

import pytest

from toolyard.config.deep_environment import DeepEnvironment
from toolyard.config.environment import DEEP, options_in
from toolyard.config.settings import Settings

SAID = ["", "x", "a, b", "[1]", '{"a": 1}', "null", "true", "1", '"q"']


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("option", sorted(Settings.model_fields.keys() - DEEP))
def test_a_plain_option_is_read_as_the_library_reads_it(
    option: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.upper().startswith("TOOLYARD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv(f"TOOLYARD_{option.upper()}", said)
    monkeypatch.setenv("TOOLYARD_INPUT_OTHER", "x")
    assert options_in(os.environ) == DeepEnvironment()() == {option: said}


@pytest.mark.parametrize(
    ("variable", "said", "options"),
    [
        ("TOOLYARD_ALLOW", '["10.0.0.0/8"]', {"allow": ["10.0.0.0/8"]}),
        ("TOOLYARD_ALLOW", "10.0.0.0/8,::1", {"allow": "10.0.0.0/8,::1"}),
        ("TOOLYARD_LIMITS__CALL_S", "3", {"limits": {"call_s": "3"}}),
        ("toolyard_tools", '{"a": {"kind": "memory"}}', {"tools": {"a": {"kind": "memory"}}}),
        ("TOOLYARD_TOOLS__A__WITHOUT", "x,y", {"tools": {"a": {"without": "x,y"}}}),
    ],
)
def test_tables_and_their_parts_are_read(
    variable: str, said: str, options: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, said)
    assert options_in(os.environ) == options
