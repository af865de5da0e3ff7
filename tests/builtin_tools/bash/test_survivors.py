"""Nothing that a command starts is there when its call is over, on any backend."""

import secrets
from pathlib import Path

import anyio
import pytest
from tests.builtin_tools.bash.shells import BACKENDS, ISOLATED, MARK, living, python, shell

from toolyard import Bash, CommandLimits, ToolError
from toolyard.builtin_tools.bash.isolation import Backend

LIMITS = CommandLimits(processes=64)

DAEMON = """
import os, signal, time
for number in range(1, 32):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.chdir("/")
        for descriptor in range(3): os.close(descriptor)
        while True: time.sleep(1)
"""
REAPER = """
import ctypes, os, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: time.sleep(600)
        os._exit(0)
"""
CHAIN = """
import os, time
start = time.monotonic()
while time.monotonic() < start + 600:
    if os.fork(): os._exit(0)
    os.setsid()
    time.sleep(0.002)
"""
THREADS = """
import os, threading, time
for _ in range(8): threading.Thread(target=time.sleep, args=(600,)).start()
os.fork()
time.sleep(600)
"""

ENDED_BY_THEMSELVES = {
    "one in the background": "sleep 600 &",
    "one that ignores the end of its terminal": "nohup sleep 600 >nohup.out 2>&1 &",
    "one that bash forgot": "sleep 600 & disown -a",
    "one in a session of its own": "setsid sleep 600 &",
    "one whose parents are gone": "( ( setsid sleep 600 & ) & )",
    "one that ignores signals": "(trap '' TERM INT HUP QUIT; sleep 600) &",
    "one that was stopped": "sleep 600 & kill -STOP $!",
    "one with an empty environment": "env -i setsid /bin/sleep 600.{mark} &",
    "one under another name": "(exec -a innocent setsid sleep 600) &",
    "one that holds the outputs": "sleep 600 2>&1 & echo held",
    "one that closed the outputs": "sleep 600 >&- 2>&- <&- &",
    "a pipeline": "sleep 600 | cat | cat &",
    "a coprocess": "coproc sleep 600",
    "many": "for i in $(seq 40); do setsid sleep 600 & done",
    "a tree": "for i in 1 2 3; do (for j in 1 2 3; do (sleep 600 &) & done; sleep 600) & done",
    "a daemon": python(DAEMON),
    "one that adopts orphans itself": python(REAPER),
    "one that is another process every moment": python(CHAIN),
    "threads": python(THREADS) + " &",
}
ENDED_BY_US = {
    "one that ignores signals": "trap '' TERM INT HUP QUIT; sleep 600 & wait; sleep 600",
    "one that waits for others": "setsid sleep 600 & wait",
    "one that restarts what is killed": "while :; do sleep 600; done",
    "one that starts more and more": "while :; do setsid sleep 600 & sleep 0.001; done 2>&-",
    "a fork bomb": "bomb() { bomb | bomb & }; bomb; sleep 600",
    "a fork bomb of sessions": python(
        "import os\nwhile True:\n try:\n  if os.fork() == 0: os.setsid()\n except OSError: pass"
    ),
    "one that stopped itself": "kill -STOP $$",
    "one that spins": "while :; do :; done",
    "one that waits for input": "cat /dev/tty; sleep 600",
    "one that reads what never comes": "mkfifo pipe; cat pipe",
}


async def run(bash: Bash, command: str, mark: str, timeout_s: float) -> None:
    await bash.run(command.replace("{mark}", mark), timeout_s=timeout_s)
    assert living(mark) == []


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("command", ENDED_BY_THEMSELVES.values(), ids=ENDED_BY_THEMSELVES)
async def test_what_stays_behind_is_ended_with_the_command(
    backend: Backend, root: Path, command: str
) -> None:
    mark = str(secrets.randbelow(10**12))
    async with shell(backend, root, limits=LIMITS, environment={MARK: mark}) as bash:
        await run(bash, command, mark, 10)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("command", ENDED_BY_US.values(), ids=ENDED_BY_US)
async def test_what_does_not_end_is_ended(backend: Backend, root: Path, command: str) -> None:
    mark = str(secrets.randbelow(10**12))
    async with shell(backend, root, limits=LIMITS, environment={MARK: mark}) as bash:
        await run(bash, command, mark, 0.7)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("stream", ["", " >&2", " | tee /dev/stderr"])
async def test_a_flood_is_ended(backend: Backend, root: Path, stream: str) -> None:
    mark = str(secrets.randbelow(10**12))
    async with shell(backend, root, environment={MARK: mark}) as bash:
        result = await bash.run(f"(yes & yes & cat /dev/zero){stream}")
        assert result.ended_by == "output"
        assert result.truncated
        assert living(mark) == []


@pytest.mark.parametrize("backend", ISOLATED)
async def test_nothing_in_memory_outlives_a_command(backend: Backend, root: Path) -> None:
    key = secrets.randbelow(1 << 30)
    leave = python(
        "import ctypes; c = ctypes.CDLL(None)\n"
        f"c.shmget({key}, 4096, 0o1600); c.msgget({key}, 0o1600); c.semget({key}, 1, 0o1600)"
    )
    async with shell(backend, root) as bash:
        assert (await bash.run(leave)).succeeded
    for kind in ("shm", "msg", "sem"):
        assert str(key) not in await anyio.Path("/proc/sysvipc", kind).read_text()


@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_cancelled_call_returns_when_all_is_gone(backend: Backend, root: Path) -> None:
    mark = str(secrets.randbelow(10**12))
    async with shell(backend, root, environment={MARK: mark}) as bash:
        for command in ("sleep 600", "setsid sleep 600 & sleep 600", "trap '' TERM; sleep 600"):
            with anyio.move_on_after(0.3) as scope:
                await bash.run(command)
            assert scope.cancelled_caught
            assert living(mark) == []


@pytest.mark.parametrize("backend", BACKENDS)
async def test_leaving_the_shell_ends_what_still_runs(backend: Backend, root: Path) -> None:
    mark = str(secrets.randbelow(10**12))
    bash = shell(backend, root, environment={MARK: mark})
    with anyio.move_on_after(20):
        async with anyio.create_task_group() as tasks:
            async with bash:
                for _ in range(3):
                    tasks.start_soon(_until_it_is_ended, bash)
                while len(living(mark)) < 3:  # noqa: ASYNC110 - nothing tells
                    await anyio.sleep(0.02)
            assert living(mark) == []


async def _until_it_is_ended(bash: Bash) -> None:
    with pytest.raises(ToolError, match="was ended"):
        await bash.run("setsid sleep 600 & sleep 600")
