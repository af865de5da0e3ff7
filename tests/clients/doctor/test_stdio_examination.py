"""The doctor on servers that are started as processes."""

import sys
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest
from tests.clients.doctor import patient

from toolyard.clients.doctor.examine import examine
from toolyard.clients.doctor.finding import Finding
from toolyard.clients.doctor.pipe import Pipe
from toolyard.clients.targets import StdioServer
from toolyard.core.errors import Unreachable

EVERY_CHECK = [
    "modern",
    "caching",
    "list-changed",
    "legacy",
    "tools",
    "caching",
    "same-tools",
    "order",
    "cursor",
    "unknown-tool",
    "arguments",
    "probe",
    "end",
    "stdout",
    "session",
    "schema",
    "cost",
]

OURS = """
import anyio
from toolyard import MCPServerBuilder, Toolbox

tools = Toolbox()


@tools.tool(read_only=True)
def add(a: float, b: float) -> float:
    '''Add two numbers.

    Args:
        a: The first.
        b: The second.
    '''
    raise AssertionError("the doctor ran a tool")


anyio.run(MCPServerBuilder("math").with_protocol("tools", tools).build().serve_stdio)
"""


async def examined(*command: str, timeout_s: float = 10) -> Sequence[Finding]:
    with anyio.fail_after(20):
        return await examine(StdioServer([sys.executable, *command]), timeout_s=timeout_s)


def sick(illnesses: str) -> tuple[str, ...]:
    return ("-I", str(patient.__file__), illnesses)


def troubles(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(each.check, each.verdict) for each in findings if each.verdict != "ok"]


async def test_ours_is_well_in_every_respect(tmp_path: Path) -> None:
    script = tmp_path / "served.py"
    script.write_text(OURS)
    findings = await examined(str(script))
    assert troubles(findings) == []
    assert [finding.check for finding in findings] == EVERY_CHECK


@pytest.mark.parametrize(
    ("illness", "check", "verdict", "words"),
    [
        ("legacy-only", "modern", "warning", "does not speak 2026-07-28"),
        ("modern-only", "legacy", "warning", "handshake"),
        ("one-era", "probe", "failure", "-32022"),
        ("noise", "stdout", "failure", "'Starting up ...'"),
        ("bad-exit", "end", "warning", "exit code 3"),
        ("guesses-tools", "unknown-tool", "failure", "-32602"),
        ("any-cursor", "cursor", "warning", "-32602"),
        ("runs", "arguments", "failure", "ran all the same"),
    ],
)
async def test_an_illness_is_found(illness: str, check: str, verdict: str, words: str) -> None:
    findings = await examined(*sick(illness))
    found = [each.text for each in findings if (each.check, each.verdict) == (check, verdict)]
    assert any(words in text for text in found), findings


async def test_a_process_that_outlives_its_input_is_found_and_ended() -> None:
    findings = await examined(*sick("stays"), timeout_s=2)
    assert ("end", "failure") in troubles(findings)


@pytest.mark.parametrize("illness", ["dead", "silent"])
async def test_a_server_that_answers_nobody_is_unreachable(illness: str) -> None:
    with pytest.raises(Unreachable, match="by hand"):
        await examined(*sick(illness), timeout_s=0.5)


async def test_a_program_that_does_not_exist_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="Cannot start"), anyio.fail_after(5):
        await examine(StdioServer(["no-such-program-anywhere"]))


async def test_endless_noise_is_not_kept_and_ends_with_the_time(tmp_path: Path) -> None:
    script = tmp_path / "noisy.py"
    line = b"Still starting up ..." * 100 + b"\n"
    script.write_text(f"import os\nwhile True: os.write(1, {line!r} * 30)\n")
    async with Pipe(StdioServer([sys.executable, str(script)])) as pipe:
        with anyio.move_on_after(0.5) as time_over:
            await pipe.ask("ping")
        assert time_over.cancelled_caught
        assert len(pipe.noise) == 20
        assert {len(said) for said in pipe.noise} == {200}
    with pytest.raises(Unreachable, match="by hand"):
        await examined(str(script), timeout_s=0.5)
