"""Where a command runs and with what, and how that becomes an order for each backend."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from toolyard.builtin_tools.bash import bubblewrap, seccomp
from toolyard.builtin_tools.bash.isolation import Backend
from toolyard.builtin_tools.bash.order import Account, CommandLimits, Landlock, Order

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"),
    *("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"),
    *("/etc/localtime", "/etc/passwd", "/etc/group", "/etc/nsswitch.conf"),
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/loadavg"),
    *("/proc/filesystems", "/proc/version"),
)
"""What programs need to run at all."""
ONLINE = (
    *("/etc/resolv.conf", "/etc/hosts", "/etc/services", "/etc/gai.conf", "/etc/host.conf"),
    *("/etc/ssl", "/etc/pki", "/etc/ca-certificates", "/etc/crypto-policies"),
)
"""What programs need besides to find and believe hosts."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything about commands that stays the same; paths are absolute."""

    root: str
    scratch: str
    """For temporary files, where a command has no `/tmp` of its own."""
    readable: Sequence[str]
    """Shown to commands, read-only, besides the system's programs."""
    environment: Mapping[str, str]
    network: bool
    account: Account | None
    limits: CommandLimits
    bash: str
    bwrap: str | None
    """The program; `None` if it is not installed."""
    keeps_directory: bool


def order_of(
    around: Surroundings, backend: Backend, argv: Sequence[str], directory: str, timeout_s: float
) -> Order:
    """The order to run `argv` in `directory`, a checked path below the root."""
    if backend == "bubblewrap":
        return _in_bubblewrap(around, argv, directory, timeout_s)
    is_confined = backend == "landlock"
    families = seccomp.ONLINE_FAMILIES if around.network else ()
    return Order(
        argv=argv,
        environment=_environment(around, around.root, around.scratch),
        timeout_s=timeout_s,
        limits=around.limits,
        account=around.account,
        landlock=_rules(around) if is_confined else None,
        seccomp=seccomp.compiled(families, shares_host=True) if is_confined else b"",
        tells_directory=around.keeps_directory,
    )


def _in_bubblewrap(
    around: Surroundings, argv: Sequence[str], directory: str, timeout_s: float
) -> Order:
    assert around.bwrap is not None
    families = seccomp.ONLINE_FAMILIES  # in a network of its own, unless it may have ours
    readable = [*around.readable, *(ONLINE if around.network else ())]
    inside = bubblewrap.Inside(
        around.bwrap, around.root, readable, around.network, around.limits.temporary_bytes
    )
    return Order(
        argv=[*bubblewrap.prefix(inside, directory), *argv],
        environment=_environment(around, bubblewrap.ROOT, "/tmp"),
        timeout_s=timeout_s,
        limits=around.limits,
        account=around.account,
        data=bubblewrap.data(seccomp.compiled(families, shares_host=False)),
        tells_directory=around.keeps_directory,
        counts_processes=False,
    )


def shell(around: Surroundings, backend: Backend, command: str) -> list[str]:
    """The arguments with which bash runs `command`."""
    before = _limit_inside(around, backend)
    if around.keeps_directory:
        before.append("trap 'pwd -P >&3' EXIT")
    if not before:
        return _bash(around, command)
    return _bash(around, "; ".join([*before, 'eval "$1"']), command)


def program(around: Surroundings, backend: Backend, argv: Sequence[str]) -> list[str]:
    """The arguments that run the program of `argv`, which no shell reads."""
    before = _limit_inside(around, backend)
    return _bash(around, "; ".join([*before, 'exec "$@"']), *argv) if before else [*argv]


def _limit_inside(around: Surroundings, backend: Backend) -> list[str]:
    """Only in there it counts just the command's own processes."""
    return [f"ulimit -u {around.limits.processes}"] if backend == "bubblewrap" else []


def _bash(around: Surroundings, script: str, *arguments: str) -> list[str]:
    return [around.bash, "--noprofile", "--norc", "-c", script, "bash", *arguments]


def root_inside(around: Surroundings, backend: Backend) -> str:
    """What a command sees as the root."""
    return bubblewrap.ROOT if backend == "bubblewrap" else around.root


def _environment(around: Surroundings, home: str, temporary: str) -> dict[str, str]:
    own = {"PATH": PATH, "HOME": home, "TMPDIR": temporary, "LANG": "C.UTF-8", "TERM": "dumb"}
    return {**own, **around.environment}


def _rules(around: Surroundings) -> Landlock:
    paths = [*SYSTEM, *around.readable, *(ONLINE if around.network else ())]
    return Landlock(
        readable=[path for path in paths if os.path.exists(path)],
        writable=[around.root, around.scratch, *filter(os.path.exists, DEVICES)],
        online=around.network,
    )
