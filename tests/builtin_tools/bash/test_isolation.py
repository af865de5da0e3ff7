"""What an isolated command cannot reach. Each attempt writes the secret or REACHED if it can."""

import os
import signal
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest
from tests.builtin_tools.bash.outside import SECRET, Outside, outside
from tests.builtin_tools.bash.shells import BACKENDS, ISOLATED, hand_over, place, python, shell

from toolyard import Bash, CommandLimits
from toolyard.builtin_tools.bash.isolation import Backend

REACHED = "REACHED"

READING = {
    "a file by its path": "cat {dir}/secret",
    "a file by a path upwards": "cat ../../../../../../..{dir}/secret",
    "a file through a symbolic link": "ln -s {dir}/secret link; cat link",
    "a directory through a symbolic link": "ln -s {dir} link; cat link/secret",
    "a file through a hard link": "ln {dir}/secret hard; cat hard",
    "a file through its directory": "cd {dir} && cat secret",
    "a file through the process that is 1": "cat /proc/1/root{dir}/secret",
    "a file through the victim": "cat /proc/{victim}/root{dir}/secret",
    "a file by globbing": "cat /tmp/*/secret /var/tmp/*/secret",
    "a file by searching": "find / -name secret -not -path '/proc/*' -exec cat {} + 2>&-",
    "a file by copying": "cp {dir}/secret here; cat here",
    "a file by mapping": python(
        "import mmap; f = open('{dir}/secret'); print(mmap.mmap(f.fileno(), 0, prot=1)[:])"
    ),
    "a file by its handle": python(
        "import ctypes, os\n"
        "c = ctypes.CDLL(None); h = ctypes.create_string_buffer(b'\\x80\\0\\0\\0' + bytes(132))\n"
        "m = ctypes.c_int()\n"
        "r = c.syscall(303, -100, b'{dir}/secret', h, ctypes.byref(m), 0)\n"
        "print('REACHED' if r == 0 else 'no')"
    ),
    "the listing of a directory": "ls {dir} | grep -q own && echo REACHED",
    "the environment of the victim": "tr '\\0' '\\n' </proc/{victim}/environ",
    "the memory of the victim": "head -c 1 /proc/{victim}/mem >/dev/null && echo REACHED",
    "the arguments of the victim": "cat /proc/{victim}/cmdline | grep -q sleep && echo REACHED",
    "the files of root": "[ -r /root/.bashrc ] && echo REACHED",
    "passwords": "[ -r /etc/shadow ] && echo REACHED",
    "the kernel's memory": "[ -r /proc/kcore ] && head -c 1 /proc/kcore && echo REACHED",
    "the kernel's messages": "dmesg 2>&- | grep -q . && echo REACHED",
    "disks": "head -c 1 /dev/[sv]da* /dev/nvme* 2>&- | grep -q . && echo REACHED",
    "other temporary files": "ls /tmp /var/tmp | grep -q toolyard-test && echo REACHED",
}
WRITING = {
    "a new file": "echo x >{dir}/new",
    "a file that is there": "echo x >{dir}/own",
    "the end of a file": "echo x >>{dir}/own",
    "a shorter file": "truncate -s 0 {dir}/own",
    "a file through a link": "ln -s {dir}/own link; echo x >link",
    "a file moved out": "echo x >mine; mv mine {dir}/new",
    "a file moved in": "mv {dir}/own mine",
    "a file copied out": "echo x >mine; cp mine {dir}/new",
    "a deleted file": "rm -f {dir}/own",
    "a new directory": "mkdir {dir}/new",
    "a link outside": "ln -s /etc {dir}/new",
    "a hard link outside": "echo x >mine; ln mine {dir}/new",
    "a FIFO outside": "mkfifo {dir}/new",
    "a file through the victim's root": "echo x >/proc/{victim}/root{dir}/new",
    "a file by another way of opening": python(
        "import os; d = os.open('/', os.O_RDONLY); os.open('{dir}/new'[1:], 65, dir_fd=d)"
    ),
    "a file by renaming with exchange": python(
        "import ctypes; open('mine', 'w')\n"
        "ctypes.CDLL(None).renameat2(-100, b'mine', -100, b'{dir}/own', 2)"
    ),
    "a socket outside": python("import socket; socket.socket(socket.AF_UNIX).bind('{dir}/new')"),
}
METADATA = {
    "modes": "chmod 777 {other}",
    "times": "touch -d 2001-01-01 {other}",
    "owners": "chgrp $(id -G | cut -d' ' -f1) {other}; chown 0 {other}",
    "extended attributes": python("import os; os.setxattr('{other}', 'user.x', b'1')"),
}
CONNECTING = {
    "TCP": "cat </dev/tcp/127.0.0.1/{tcp}",
    "TCP by another name": "cat </dev/tcp/localhost/{tcp}",
    "TCP over IPv6": "cat </dev/tcp/::ffff:127.0.0.1/{tcp}",
    "UDP": python(
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1)\n"
        "s.sendto(b'x', ('127.0.0.1', {udp})); print(s.recv(99))"
    ),
    "a socket in the file system": python(
        "import socket; s = socket.socket(socket.AF_UNIX); s.connect('{unix}'); print(s.recv(99))"
    ),
    "a socket in no file system": python(
        "import socket; s = socket.socket(socket.AF_UNIX)\n"
        "s.connect(chr(0) + '{abstract}'); print(s.recv(99))"
    ),
    "datagrams through one of a pair": python(
        "import socket; s, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "s.connect('{datagrams}'); s.send(b'x'); print('REACHED')"
    ),
    "datagrams through one of a raw pair": python(
        "import socket; s, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_RAW)\n"
        "s.connect('{datagrams}'); s.send(b'x'); print('REACHED')"
    ),
    "raw packets": python("import socket; socket.socket(17, 3); print('REACHED')"),
    "raw IP": python("import socket; socket.socket(2, 3, 1); print('REACHED')"),
    "the host of a virtual machine": python(
        "import socket; socket.socket(40, 1); print('REACHED')"
    ),
    "the kernel's own queue": python(
        "import ctypes; p = ctypes.create_string_buffer(200)\n"
        "print('REACHED' if ctypes.CDLL(None).syscall(425, 8, p) >= 0 else 'no')"
    ),
    "another network": "[ $(ls /sys/class/net 2>&- | grep -vc '^lo$') -gt 0 ] && echo REACHED",
}
CALLING = {
    "unshare": "unshare -Ur true && echo REACHED",
    "unshare of mounts": "unshare -m true && echo REACHED",
    "unshare of the network": "unshare -n true && echo REACHED",
    "a clone with a user namespace": python(
        "import ctypes; c = ctypes.CDLL(None)\n"
        "p = c.syscall(56, 0x10000011, 0, 0, 0, 0)\n"
        "print('REACHED' if p > 0 else 'no', flush=True) if p else None\n"
        "import os; os._exit(0)"
    ),
    "mount": "mount -t tmpfs tmpfs . && echo REACHED",
    "a bind mount": "mkdir m; mount --bind / m && echo REACHED",
    "a remount": "mount -o remount,rw / && echo REACHED",
    "chroot": "chroot . /bin/true && echo REACHED",
    "a device": "mknod disk b 254 0 && echo REACHED",
    "a set-uid program": "cp /bin/bash b; chmod 4755 b; ./b -pc '[ $EUID = 0 ]' && echo REACHED",
    "su": "su -c true </dev/null && echo REACHED",
    "ptrace": python(
        "import ctypes; c = ctypes.CDLL(None)\n"
        "print('REACHED' if c.ptrace(16, {victim}, 0, 0) == 0 else 'no')"
    ),
    "reading the victim": python(
        "import ctypes; c = ctypes.CDLL(None)\n"
        "print('REACHED' if c.syscall(310, {victim}, None, 0, None, 0, 0) >= 0 else 'no')"
    ),
    "keys of the kernel": python(
        "import ctypes; print('REACHED' if ctypes.CDLL(None).syscall(250, 0, -3, 0) >= 0 else 'no')"
    ),
    "programs in the kernel": python(
        "import ctypes; b = ctypes.create_string_buffer(120)\n"
        "b[0:16] = b'\\x02\\0\\0\\0\\x04\\0\\0\\0\\x04\\0\\0\\0\\x01\\0\\0\\0'\n"
        "print('REACHED' if ctypes.CDLL(None).syscall(321, 0, b, 72) >= 0 else 'no')"
    ),
    "faults in user space": python(
        "import ctypes; print('REACHED' if ctypes.CDLL(None).syscall(323, 1) >= 0 else 'no')"
    ),
    "performance counters": python(
        "import ctypes; b = ctypes.create_string_buffer(128)\n"
        "b[0:8] = b'\\x01\\0\\0\\0\\x80\\0\\0\\0'\n"
        "print('REACHED' if ctypes.CDLL(None).syscall(298, b, 0, -1, -1, 0) >= 0 else 'no')"
    ),
    "calls of 32 bits": python(
        "import ctypes; c = ctypes.CDLL(None)\n"
        "print('REACHED' if c.syscall(0x40000000 + 39) > 0 else 'no')"
    ),
    "the clock": "date -s 2001-01-01 && echo REACHED",
    "the host's name": "hostname taken && echo REACHED",
    "the host's settings": "echo 1 >/proc/sys/kernel/panic && echo REACHED",
    "more than its limits": "ulimit -f unlimited && echo REACHED",
}


@pytest.fixture(scope="module")
def around() -> Generator[Outside]:
    with outside() as made:
        yield made


@dataclass(frozen=True, slots=True)
class Prison:
    """A shell that is used again and again, each time in a new directory below `root`."""

    bash: Bash
    root: Path

    @property
    def backend(self) -> Backend:
        assert self.bash.isolation is not None
        return self.bash.isolation.backend

    async def attempt(self, around: Outside, command: str) -> str:
        """What a command writes that tries to reach something of what is `around`."""
        for name, value in around.names.items():
            command = command.replace(name, value)
        fresh = Path(tempfile.mkdtemp(dir=self.root))
        hand_over(fresh)
        result = await self.bash.run(command, cwd=fresh.name, timeout_s=10)
        assert not result.timed_out
        return result.stdout


@asynccontextmanager
async def prison(backend: Backend) -> AsyncGenerator[Prison]:
    with place() as root:
        async with shell(backend, root) as bash:
            yield Prison(bash, root)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", params=ISOLATED)
async def isolated(request: pytest.FixtureRequest) -> AsyncGenerator[Prison]:
    async with prison(request.param) as made:
        yield made


@pytest.mark.parametrize("command", READING.values(), ids=READING)
async def test_it_reads_nothing_outside(isolated: Prison, around: Outside, command: str) -> None:
    told = await isolated.attempt(around, command)
    assert SECRET not in told
    assert REACHED not in told


def listing(around: Outside) -> list[tuple[str, int, int, int, bytes]]:
    """Everything that can be changed outside."""
    found: list[tuple[str, int, int, int, bytes]] = []
    for path in sorted(around.directory.iterdir()):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found.append((path.name, status.st_mode, status.st_uid, int(status.st_mtime), content))
    return found


@pytest.mark.parametrize("command", WRITING.values(), ids=WRITING)
async def test_it_writes_nothing_outside(isolated: Prison, around: Outside, command: str) -> None:
    before = listing(around)
    await isolated.attempt(around, command)
    assert listing(around) == before


@pytest.mark.parametrize("command", METADATA.values(), ids=METADATA)
async def test_it_changes_no_metadata_outside(
    isolated: Prison, around: Outside, command: str
) -> None:
    other = around.directory / "own"
    before = listing(around), os.listxattr(other)
    await isolated.attempt(around, command.replace("{other}", str(other)))
    assert isolated.bash.isolation is not None
    says_so = isolated.bash.isolation.metadata
    assert says_so == (isolated.backend == "bubblewrap"), "Landlock knows nothing of it"
    if says_so:
        assert (listing(around), os.listxattr(other)) == before


@pytest.mark.parametrize("backend", BACKENDS)
async def test_commands_end_each_other_only_where_that_is_said(
    backend: Backend, root: Path
) -> None:
    ended: list[tuple[int, bool]] = []
    async with shell(backend, root) as bash, anyio.create_task_group() as tasks:

        async def run() -> None:
            long = await bash.run(
                "echo $$ >.pid; mv .pid pid; until [ -e over ]; do sleep 0.02; done"
            )
            ended.append((long.exit_code, long.isolation.pids))

        tasks.start_soon(run)
        while not (root / "pid").exists():  # noqa: ASYNC110 - nothing tells
            await anyio.sleep(0.02)
        await bash.run("kill -9 $(cat pid)")
        await bash.run("touch over")
    ((exit_code, is_safe),) = ended
    assert exit_code == (0 if is_safe else 137)


@pytest.mark.parametrize("command", CONNECTING.values(), ids=CONNECTING)
async def test_it_reaches_nobody(isolated: Prison, around: Outside, command: str) -> None:
    told = await isolated.attempt(around, command)
    assert SECRET not in told
    assert REACHED not in told


@pytest.mark.parametrize("command", CALLING.values(), ids=CALLING)
async def test_the_kernel_refuses(isolated: Prison, around: Outside, command: str) -> None:
    assert REACHED not in await isolated.attempt(around, command)


HURTING = {
    "a signal": "kill -9 {victim}",
    "a signal to all": "kill -9 -1",
    "a signal to its group": "kill -9 0; kill -9 -{victim}",
    "a signal by thread": python(
        "import ctypes; ctypes.CDLL(None).syscall(234, {victim}, {victim}, 9)"
    ),
    "a signal by descriptor": python(
        "import os, signal; signal.pidfd_send_signal(os.pidfd_open({victim}), 9)"
    ),
    "a limit": "prlimit --pid {victim} --nofile=3:3",
    "a stop": "kill -STOP {victim}",
    "its oom score": "echo 1000 >/proc/{victim}/oom_score_adj",
    "its processor": "taskset -p 1 {victim}",
    "its niceness": "renice -n 19 -p {victim}",
}


@pytest.mark.parametrize("command", HURTING.values(), ids=HURTING)
async def test_others_of_its_account_are_not_hurt(
    isolated: Prison, around: Outside, command: str
) -> None:
    def state() -> tuple[object, ...]:
        victim = around.victim
        status = Path(f"/proc/{victim}/stat").read_text().rpartition(")")[2].split()
        score = Path(f"/proc/{victim}/oom_score_adj").read_text()
        limits = Path(f"/proc/{victim}/limits").read_text()
        niceness = os.getpriority(os.PRIO_PROCESS, victim)
        return status[0] in "SRD", score, limits, os.sched_getaffinity(victim), niceness

    before = state()
    await isolated.attempt(around, command)
    os.kill(around.victim, signal.SIG_DFL)
    assert state() == before


CONTROL = {
    **{name: READING[name] for name in ("a file by its path", "a file through a symbolic link")},
    **{name: READING[name] for name in ("the arguments of the victim", "a file by its handle")},
    **{name: CONNECTING[name] for name in ("TCP", "UDP", "a socket in the file system")},
    **{name: CONNECTING[name] for name in ("a socket in no file system",)},
    **{name: CONNECTING[name] for name in ("the kernel's own queue",)},
    **{name: CONNECTING[name] for name in ("datagrams through one of a pair",)},
}


@pytest.mark.parametrize("command", CONTROL.values(), ids=CONTROL)
async def test_without_isolation_it_would_be_reached(around: Outside, command: str) -> None:
    """So the attempts above are real ones."""
    async with prison("none") as free:
        told = await free.attempt(around, command)
    assert SECRET in told or REACHED in told


@pytest.mark.parametrize("backend", ISOLATED)
async def test_pairs_of_sockets_can_be_made(backend: Backend, root: Path) -> None:
    pairs = python("import socket; a, b = socket.socketpair(); a.send(b'x'); print(b.recv(1))")
    async with shell(backend, root) as bash:
        assert (await bash.run(pairs)).stdout == "b'x'\n"


@pytest.mark.parametrize("backend", ISOLATED)
async def test_the_network_can_be_allowed(backend: Backend, root: Path, around: Outside) -> None:
    async with shell(backend, root, network=True) as bash:
        assert (await bash.run(f"cat </dev/tcp/127.0.0.1/{around.tcp}")).stdout == SECRET
        assert (await bash.run(f"cat {around.directory}/secret")).stdout == ""
        assert "the network" in (bash.isolation.sentence if bash.isolation else "")


@pytest.mark.parametrize("backend", ISOLATED)
@pytest.mark.parametrize("network", [False, True])
async def test_sockets_that_are_in_sight_are_out_of_reach(
    backend: Backend, root: Path, around: Outside, network: bool
) -> None:
    options = {"network": network, "readable": [str(around.directory)]}
    async with shell(backend, root, **options) as bash:
        assert (await bash.run(f"test -S {around.unix}")).succeeded
        for address in (around.unix, f"\\0{around.abstract}"):
            ask = f"s = socket.socket(1); s.connect('{address}'); print(s.recv(99))"
            assert (await bash.run(python(f"import socket; {ask}"))).stdout == ""


async def test_inside_bubblewrap_a_network_of_its_own_is_there(root: Path) -> None:
    own = python(
        "import socket, threading\n"
        "l = socket.create_server(('127.0.0.1', 0))\n"
        "c = socket.create_connection(l.getsockname()); s, _ = l.accept()\n"
        "s.sendall(b'own'); print(c.recv(9))"
    )
    async with shell("bubblewrap", root) as bash:
        assert (await bash.run(own)).stdout == "b'own'\n"


async def test_inside_bubblewrap_only_the_root_and_tmp_can_be_written(root: Path) -> None:
    async with shell("bubblewrap", root) as bash:
        told = await bash.run(
            "for d in $(find / -xdev -type d -writable -not -path '/proc/*' 2>&-) "
            "/dev /dev/shm /tmp /work; do touch $d/x 2>&- && echo $d; done | sort -u"
        )
        assert told.stdout.split() == ["/dev/shm", "/tmp", "/work"]
        full = await bash.run("head -c 300000000 /dev/zero >/tmp/x; stat -c %s /tmp/x")
        assert full.stdout == f"{256 << 20}\n"
        assert (await bash.run("ls -A /tmp /dev/shm")).stdout.split() == ["/dev/shm:", "/tmp:"]


@pytest.mark.parametrize("backend", ISOLATED)
async def test_processes_of_one_command_are_limited(backend: Backend, root: Path) -> None:
    count = python(
        "import os\nn = 0\n"
        "while n < 3000:\n"
        " try:\n  p = os.fork()\n"
        " except OSError: break\n"
        " if p == 0:\n  os.close(1); os.read(os.pipe()[0], 1)\n"
        " n += 1\n"
        "print(n)"
    )
    async with shell(backend, root, limits=CommandLimits(processes=30)) as bash:
        told = await bash.run(count)
    assert 0 < int(told.stdout) < (30 if backend == "bubblewrap" else 3000)
