"""Compiles a filter of Linux system calls: what a sandboxed command has no business to ask.

A filter is a program for the kernel's classic BPF machine, see
https://docs.kernel.org/userspace-api/seccomp_filter.html. Numbers of calls are those of
`asm/unistd.h`.
"""

from __future__ import annotations

import errno
import platform
import socket
import struct
from collections.abc import Collection, Iterator, Mapping

ONLINE_FAMILIES = (socket.AF_INET, socket.AF_INET6, 16)
"""The internet, and netlink, with which the C library looks for addresses."""

_REFUSED: Mapping[str, tuple[int, int]] = {
    # name: number on x86_64, on aarch64
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "ioprio_set": (251, 30),
    "setpriority": (141, 140),
}
_SHARED: Mapping[str, tuple[int, int]] = {
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
}
"""Calls for what outlives a command, unless it lives in a namespace of its own."""
_CLONE, _CLONE3, _IOCTL, _SOCKET = (56, 220), (435, 435), (16, 29), (41, 198)
_SOCKET_PAIR = (53, 199)
_PAIRS = [
    kind | flags
    for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET)
    for flags in (0, 0x800, 0x8_0000, 0x8_0800)  # not blocking, closed by exec, both
]
"""Kinds of pairs that stay pairs: one of datagrams can be connected to any other socket."""
_NEW_NAMESPACES = 0x7E02_0080
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_OF_OTHERS: Mapping[tuple[int, int], int] = {
    # number: which argument names a process, where 0 means the caller itself
    (302, 261): 0,  # prlimit64
    (203, 122): 0,  # sched_setaffinity
    (142, 118): 0,  # sched_setparam
    (144, 119): 0,  # sched_setscheduler
    (314, 274): 0,  # sched_setattr
}
"""Calls with which one process could cripple another of the same account."""

_ARCHITECTURES = {"x86_64": (0, 0xC000_003E), "aarch64": (1, 0xC000_00B7)}
_X32 = 0x4000_0000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF_0000, 0x8000_0000, 0x0005_0000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

Instruction = tuple[int, int, int, int]


def is_supported() -> bool:
    """Whether the numbers of this machine's system calls are known here."""
    return platform.machine() in _ARCHITECTURES


def compiled(families: Collection[int], *, shares_host: bool) -> bytes:
    """A filter of system calls.

    Args:
        families: Of these `socket` makes sockets; connected pairs are always possible. Sockets
            of the file system are in none: neither a network of its own nor a mount that is
            read-only keeps a program from them.
        shares_host: Whether no namespaces keep the program from what others of its account have.
    """
    column, architecture = _ARCHITECTURES[platform.machine()]
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if column == 0:
        program += [(_AT_LEAST, 0, 1, _X32), _refusal(errno.ENOSYS)]
    for numbers in [*_REFUSED.values(), *(_SHARED.values() if shares_host else ())]:
        program += [(_EQUAL, 0, 1, numbers[column]), _refusal()]
    program += [(_EQUAL, 0, 1, _CLONE3[column]), _refusal(errno.ENOSYS)]
    program += _when(_CLONE[column], 0, [(_ANY_BIT, 0, 1, _NEW_NAMESPACES), _refusal()])
    program += _when(_IOCTL[column], 1, _refuse_if((_TIOCSTI, _TIOCLINUX)))
    program += _when(_SOCKET[column], 0, _refuse_unless(families))
    kind = (_LOAD, 0, 0, _ARGUMENTS + 8)
    of_kind = [*_refuse_unless((socket.AF_UNIX,)), kind, *_refuse_unless(_PAIRS)]
    program += _when(_SOCKET_PAIR[column], 0, of_kind)
    for numbers, argument in _OF_OTHERS.items():
        program += _when(numbers[column], argument, _refuse_unless((0,)))
    program.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _refusal(number: int = errno.EPERM) -> Instruction:
    return (_RETURN, 0, 0, _ERRNO | number)


def _when(number: int, argument: int, judged: list[Instruction]) -> Iterator[Instruction]:
    """What is `judged` of an argument's lower half of one call; what it does not refuse may be.

    The kernel itself reads just that half of every argument that is looked at here.
    """
    yield (_EQUAL, 0, len(judged) + 2, number)
    yield (_LOAD, 0, 0, _ARGUMENTS + 8 * argument)
    yield from judged
    yield (_RETURN, 0, 0, _ALLOW)


def _refuse_if(values: Collection[int]) -> list[Instruction]:
    return [step for value in values for step in ((_EQUAL, 0, 1, value), _refusal())]


def _refuse_unless(values: Collection[int]) -> list[Instruction]:
    """Any of `values` jumps over the refusal at the end."""
    return [(_EQUAL, len(values) - at, 0, value) for at, value in enumerate(values)] + [_refusal()]
