"""What a process tells the kernel to write, in order: `strace`, read."""

import re
import shutil
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.missing import missing

_CALLS = "openat,write,writev,pwrite64,ftruncate,fsync,fdatasync,unlink"
_CALL = re.compile(
    r'(\w+)\((?:AT_FDCWD<[^>]*>, )?(?:(\d+)<([^>]*)>)?(?:"([^"]*)")?(.*)\) += (-?\d+)'
)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_NUMBER = re.compile(r", (\d+)")


@dataclass(frozen=True, slots=True)
class Call:
    """One call that succeeded."""

    name: str
    descriptor: int
    """-1 where a path was given instead."""
    path: str
    written: bytes
    numbers: Sequence[int]
    """The other arguments that are numbers."""


def arguments(target: Path) -> list[str]:
    """What to put before a command so that its calls are written to `target`."""
    program = shutil.which("strace")
    if program is None:
        missing("strace", "Run `python tests/support/install.py` as root.")
    tried = subprocess.run([program, "-o", str(target), "true"], capture_output=True, timeout=20)
    if tried.returncode:
        missing("the right to trace", "Let strace trace here: it shows what reaches the disk when.")
    return [
        program,
        "-f",
        "-y",
        "-xx",
        "-s",
        "10000000",
        "-e",
        f"trace={_CALLS}",
        "-o",
        str(target),
    ]


@contextmanager
def tracing(pid: int, target: Path) -> Generator[None]:
    """Trace a process that runs while the block runs."""
    command = [*arguments(target), "-p", str(pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        assert "attached" in tracer.stderr.readline()
        try:
            yield
        finally:
            tracer.terminate()
            tracer.wait(10)


def calls(trace: Path) -> list[Call]:
    """The calls in the order in which they returned."""
    begun = dict[str, str]()
    found: list[Call] = []
    for line in trace.read_text().splitlines():
        process, _, said = line.partition(" ")
        said = said.strip()
        if said.endswith("<unfinished ...>"):
            begun[process] = said.removesuffix("<unfinished ...>")
            continue
        if said.startswith("<..."):
            said = begun.pop(process, "") + said.partition("resumed>")[2]
        call = _CALL.match(said)
        if call and int(call[6]) >= 0:
            found.append(_read(call))
    return found


def _read(call: re.Match[str]) -> Call:
    name, descriptor, path, named, rest, _ = call.groups()
    written = b"".join(_bytes(text) for text in _TEXT.findall(rest))
    numbers = [int(number) for number in _NUMBER.findall(_TEXT.sub("", rest))]
    where = _bytes(path or named or "").decode(errors="replace")
    return Call(name, int(descriptor or -1), where, written, numbers)


def _bytes(text: str) -> bytes:
    """What strace shows as hexadecimal digits, or as it is."""
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()
