"""What becomes of commands when those who watch over them are killed."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from tests.builtin_tools.bash.shells import BACKENDS, MARK, living, none_lives, shell
from tests.support.process import ROOT

from toolyard import Bash, ConfigError, ToolError
from toolyard.builtin_tools.bash import link
from toolyard.builtin_tools.bash.isolation import Backend

DOOMED = Path(__file__).with_name("doomed.py")


@pytest.fixture
def mark() -> str:
    return str(secrets.randbelow(10**12))


@contextmanager
def doomed(backend: Backend, root: Path, mark: str) -> Generator[subprocess.Popen[bytes]]:
    command = [sys.executable, str(DOOMED), backend, str(root), mark]
    path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    environment = {**os.environ, "PYTHONPATH": path}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def sleepers(mark: str) -> int:
    """How many processes of commands run; `doomed.py` has the mark in its arguments too."""
    return sum("sleep" in told for told in living(mark))


async def until(count: int, mark: str) -> None:
    with anyio.fail_after(30):
        while sleepers(mark) < count:  # noqa: ASYNC110 - nothing tells
            await anyio.sleep(0.05)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_twenty_commands_end_with_the_server(
    backend: Backend, root: Path, mark: str, number: signal.Signals
) -> None:
    shell(backend)
    with doomed(backend, root, mark) as server:
        await until(40, mark)
        server.send_signal(number)
        server.wait(30)
        assert await anyio.to_thread.run_sync(none_lives, mark, 10.0)


def brokers() -> list[int]:
    """The brokers that this process has started."""
    return [pid for pid, parent, _ in processes() if parent == os.getpid() and is_broker(pid)]


def processes() -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            status = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found.append((int(name), int(status[1]), status[0]))
    return found


def is_broker(pid: int) -> bool:
    try:
        return b"bash.broker.main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def supervisors() -> list[int]:
    ours = brokers()
    return [pid for pid, parent, state in processes() if parent in ours and state != "Z"]


async def test_a_killed_broker_takes_its_commands_along_and_is_replaced(
    root: Path, mark: str
) -> None:
    async with shell("none", root, environment={MARK: mark}) as bash:
        await bash.run("true")
        (broker,) = brokers()
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(_until_it_is_ended, bash)
            await until(6, mark)
            os.kill(broker, signal.SIGKILL)
        assert await anyio.to_thread.run_sync(none_lives, mark)
        assert (await bash.run("echo again")).stdout == "again\n"
        assert brokers() != [broker]


async def test_many_commands_replace_a_killed_broker_by_one(root: Path) -> None:
    async with shell("none", root) as bash:
        for _ in range(3):
            (broker,) = brokers()
            os.kill(broker, signal.SIGKILL)
            while (broker, os.getpid(), "Z") not in processes():  # noqa: ASYNC110 - nothing tells
                await anyio.sleep(0.01)  # before, one that has no name any more still takes orders
            async with anyio.create_task_group() as tasks:
                for _ in range(8):
                    tasks.start_soon(bash.run, "true")


async def test_what_waits_while_the_shell_is_left_does_not_start(root: Path) -> None:
    async with anyio.create_task_group() as tasks:
        async with shell("none", root, max_commands=1) as bash:
            tasks.start_soon(_until_it_is_ended, bash)
            while not supervisors():  # noqa: ASYNC110 - nothing tells
                await anyio.sleep(0.02)
            tasks.start_soon(_not_at_all, bash)
            await anyio.wait_all_tasks_blocked()
        assert brokers() == []
    assert brokers() == []
    assert not (root / "late").exists()


async def _not_at_all(bash: Bash) -> None:
    with pytest.raises(ToolError, match="was left"):
        await bash.run("touch late")


async def test_a_broker_that_cannot_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(ConfigError, match="cannot be started now: No such file"):
        await Bash(isolation="off").run("true")


async def test_a_killed_supervisor_takes_its_command_along(root: Path, mark: str) -> None:
    async with shell("none", root, environment={MARK: mark}) as bash:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_until_it_is_ended, bash)
            await until(2, mark)
            (supervisor,) = supervisors()
            os.kill(supervisor, signal.SIGKILL)
        assert await anyio.to_thread.run_sync(none_lives, mark)
        assert (await bash.run("echo again")).stdout == "again\n"


async def test_a_stopped_supervisor_takes_its_command_along(root: Path, mark: str) -> None:
    async with shell("none", root, environment={MARK: mark}) as bash:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_until_it_is_ended, bash)
            await until(2, mark)
            (supervisor,) = supervisors()
            os.kill(supervisor, signal.SIGSTOP)
        assert await anyio.to_thread.run_sync(none_lives, mark)
        assert (await bash.run("echo again")).stdout == "again\n"


async def test_what_a_supervisor_cannot_end_the_broker_does(
    root: Path, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    helpless = (
        "from toolyard.builtin_tools.bash.broker import supervisor; "
        "supervisor.end_all = lambda marker: 7; "
    )
    at = link._PROGRAM.index("from toolyard")  # pyright: ignore[reportPrivateUsage]
    program = link._PROGRAM  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(link, "_PROGRAM", program[:at] + helpless + program[at:])
    async with shell("none", root, environment={MARK: mark}) as bash:
        with pytest.raises(ToolError, match="7 processes of the command do not end"):
            await bash.run("(setsid sleep 600 &); sleep 600 &")
        assert await anyio.to_thread.run_sync(none_lives, mark)


async def _until_it_is_ended(bash: Bash) -> None:
    with pytest.raises(ToolError, match="was ended together with"):
        await bash.run("trap '' TERM; (setsid sleep 600 &); sleep 600; true")


async def test_commands_leave_no_descriptors_and_no_dead(root: Path) -> None:
    async with shell("none", root) as bash:
        await bash.run("true")
        (broker,) = brokers()

        def held() -> tuple[int, int]:
            return len(os.listdir("/proc/self/fd")), len(os.listdir(f"/proc/{broker}/fd"))

        before = held()
        for number in range(30):
            await bash.run("sleep 60 & true", timeout_s=5)
            with anyio.move_on_after(0.01 * (number % 4)):
                await bash.run("sleep 60")
        with anyio.fail_after(5):
            while any(parent == broker for _, parent, _ in processes()):  # noqa: ASYNC110
                await anyio.sleep(0.02)
        assert held() == before


async def test_the_broker_knows_nothing_of_the_server(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-server")
    async with shell("none", root) as bash:
        await bash.run("true")
        (broker,) = brokers()
        assert b"sk-of" not in await anyio.Path(f"/proc/{broker}/environ").read_bytes()
        links = [os.readlink(f"/proc/{broker}/fd/{fd}") for fd in os.listdir(f"/proc/{broker}/fd")]
        files = [link for link in links if link.startswith("/") and link != "/dev/null"]
        assert len(files) <= 1, "at most standard error"
