"""The layer that needs nothing of Linux, as macOS has it; tried here with what is Linux's off."""

import secrets
from pathlib import Path

import anyio
import pytest
from tests.builtin_tools.bash.shells import MARK, living, shell
from tests.builtin_tools.bash.test_survivors import ENDED_BY_THEMSELVES, ENDED_BY_US
from tests.support.missing import missing

from toolyard.builtin_tools.bash import link

ESCAPES = {"one with an empty environment", "one that is another process every moment"}
"""What SECURITY.md says may escape there: nothing tells whose it is, or it is gone before."""
BOMBS = {"a fork bomb", "a fork bomb of sessions"}
"""Only Linux can be told how many processes a command may have more than there are now."""


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brokers of this test believe to be on another system."""
    if not Path("/bin/ps").exists():
        missing("ps", "Install procps with your system's packages.")
    off = "from toolyard.builtin_tools.bash.broker import system; system.IS_LINUX = False; "
    at = link._PROGRAM.index("from toolyard")  # pyright: ignore[reportPrivateUsage]
    program = link._PROGRAM  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(link, "_PROGRAM", program[:at] + off + program[at:])


async def test_commands_run_as_they_do_on_linux(root: Path) -> None:
    async with shell("none", root, keep_directory=True) as bash:
        result = await bash.run("mkdir a; cd a; echo out; echo err >&2; exit 3")
        assert (result.stdout, result.stderr, result.exit_code) == ("out\n", "err\n", 3)
        assert result.cwd == "a"
        assert (await bash.run("sleep 60", timeout_s=0.3)).timed_out
        assert (await bash.run("yes")).ended_by == "output"
        assert (await bash.run("ulimit -c")).stdout == "0\n"


@pytest.mark.parametrize("name", sorted(set(ENDED_BY_THEMSELVES) - ESCAPES))
async def test_what_stays_behind_is_found_and_ended(root: Path, name: str) -> None:
    mark = str(secrets.randbelow(10**12))
    async with shell("none", root, environment={MARK: mark}) as bash:
        await bash.run(ENDED_BY_THEMSELVES[name], timeout_s=10)
        assert living(mark) == []


@pytest.mark.parametrize("name", sorted(set(ENDED_BY_US) - BOMBS))
async def test_what_does_not_end_is_ended(root: Path, name: str) -> None:
    mark = str(secrets.randbelow(10**12))
    async with shell("none", root, environment={MARK: mark}) as bash:
        await bash.run(ENDED_BY_US[name], timeout_s=0.7)
        assert living(mark) == []


async def test_a_cancelled_call_ends_its_command(root: Path) -> None:
    mark = str(secrets.randbelow(10**12))
    async with shell("none", root, environment={MARK: mark}) as bash:
        with anyio.move_on_after(0.3):
            await bash.run("(setsid sleep 600 &); sleep 600")
        assert living(mark) == []
