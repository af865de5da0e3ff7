"""The last steps of a new process before it becomes the command."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import NoReturn

from toolyard.builtin_tools.bash.broker import landlock, system
from toolyard.builtin_tools.bash.order import Account, Order

TELL = 3
"""The descriptor at which a command tells where it ended."""
_FAILED = 127
_NICENESS = 5
"""Commands give way to the server, and to the supervisor that has to end a crowd of them."""


# After `_become_account` and `_isolate` nothing can be imported: Python's files may be hidden.


def become(order: Order, directory: int, outputs: tuple[int, int, int], trouble: int) -> NoReturn:
    """Turn this freshly forked process into the command of `order`.

    Args:
        order: What to run.
        directory: Descriptor of the directory to start in.
        outputs: Descriptors for standard output, standard error and `TELL`.
        trouble: Where it is told why it could not be done; it closes when it was.
    """
    supervisor = os.getppid()
    try:
        os.setsid()
        os.fchdir(directory)
        os.umask(0o077)
        trouble = _arrange_descriptors(order, outputs, trouble)
        _reset_signals()
        _become_account(order.account)
        _limit(order)
        if system.IS_LINUX:
            _bind_to(supervisor)
            _isolate(order)
        os.execve(order.argv[0], list(order.argv), dict(order.environment))
    except BaseException as error:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        with suppress(OSError):
            os.write(trouble, (reason or "unknown").encode())
    os._exit(_FAILED)


def _arrange_descriptors(order: Order, outputs: tuple[int, int, int], trouble: int) -> int:
    """Have just those descriptors that the command is to have, and `trouble`, which moves."""
    pipes = {number: _filled_pipe(data) for number, data in order.data.items()}
    wanted = {0: os.open(os.devnull, os.O_RDONLY), 1: outputs[0], 2: outputs[1], **pipes}
    if order.tells_directory:
        wanted[TELL] = outputs[2]
    # First all out of the way, so that none is overwritten before it was used.
    above = max([trouble, *wanted, *wanted.values()]) + 1
    parked = {number: _moved(descriptor, above) for number, descriptor in wanted.items()}
    trouble = _moved(trouble, above)
    for number, descriptor in parked.items():
        os.dup2(descriptor, number, inheritable=True)
    kept = [*sorted(wanted), trouble]
    for low, high in zip(kept, [*kept[1:], _most_descriptors()], strict=True):
        os.closerange(low + 1, high)
    return trouble


def _moved(descriptor: int, above: int) -> int:
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, above)


def _filled_pipe(data: bytes) -> int:
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return reading


def _most_descriptors() -> int:
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return min(soft, 1 << 20) if soft != resource.RLIM_INFINITY else 1 << 20


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        with suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _become_account(account: Account | None) -> None:
    if account is not None:
        os.setgroups([])
        os.setgid(account.group)
        os.setuid(account.user)


def _bind_to(supervisor: int) -> None:
    system.die_with_parent(signal.SIGKILL)
    if os.getppid() != supervisor:  # it was gone before we said so
        os._exit(_FAILED)
    system.renounce_privileges()


def _isolate(order: Order) -> None:
    if order.landlock is not None:
        landlock.confine(order.landlock)
    if order.seccomp:
        system.filter_calls(order.seccomp)


def _limit(order: Order) -> None:
    limits, cores = order.limits, os.cpu_count() or 1
    wanted: Mapping[int, int] = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: int(order.timeout_s * cores) + 2,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_AS: limits.memory_bytes,
    }
    for kind, most in wanted.items():
        _set_limit(kind, most)
    if order.counts_processes and system.IS_LINUX:
        _set_limit(resource.RLIMIT_NPROC, _tasks_of(os.getuid()) + limits.processes)
    os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)


def _set_limit(kind: int, most: int) -> None:
    hard = resource.getrlimit(kind)[1]
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with suppress(OSError, ValueError):  # macOS knows limits that it does not take
        resource.setrlimit(kind, (least, least))


def _tasks_of(account: int) -> int:
    """How many processes and threads an account has: the system's limit is for all of them."""
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError):
                tasks = os.stat(f"/proc/{name}/task")
                count += tasks.st_nlink - 2 if tasks.st_uid == account else 0
    return count
