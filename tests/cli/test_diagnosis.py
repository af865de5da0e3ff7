"""`toolyard doctor`: what it finds is its result, what it failed at its exit code."""

import json

from tests.cli.command import Toolyard
from tests.support.serving import Served


def test_a_sound_server_is_found_sound(toolyard: Toolyard, calculator: Served) -> None:
    told = toolyard("doctor", calculator.url, "--token", calculator.token)
    assert told.code == 0, told
    lines = told.output.splitlines()
    assert {line[0] for line in lines} <= {"✓", "!"}
    assert told.errors.startswith(f"{len(lines)} findings: 0 failures, ")


def test_a_script_gets_findings_as_json(toolyard: Toolyard, calculator: Served) -> None:
    told = toolyard("doctor", calculator.url, "--token", calculator.token, "--json")
    findings = json.loads(told.output)
    assert {finding["verdict"] for finding in findings} <= {"ok", "warning"}
    assert all(finding["check"] and finding["text"] for finding in findings)


def test_an_unsound_server_ends_with_1_and_cannot_steer_the_terminal(
    toolyard: Toolyard, hostile: str
) -> None:
    told = toolyard("doctor", hostile, "--timeout", "2")
    assert told.code == 1, told
    assert any(line.startswith("✗ ") for line in told.output.splitlines())
    for letter in told.output + told.errors:
        assert letter.isprintable() or letter in "\n\t", ascii(letter)
