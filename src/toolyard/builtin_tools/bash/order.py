"""What the server and its broker tell each other about one command."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

LENGTH = struct.Struct(">I")
"""In front of an order and of an outcome's head: the bytes that follow."""

End = Literal["exit", "time", "output", "hangup"]
"""What ended a command: itself, its deadline, that it wrote far too much, that nobody waits."""


@dataclass(frozen=True, slots=True)
class CommandLimits:
    """What one command may take."""

    output_bytes: int = 100_000
    """Kept of each of its two streams; it is ended once it wrote ten times as much."""
    memory_bytes: int = 4 << 30
    """Address space of each of its processes."""
    file_bytes: int = 1 << 30
    """Size of each file it writes."""
    temporary_bytes: int = 256 << 20
    """Everything in its `/tmp`, and as much again in its `/dev/shm`; only with bubblewrap."""
    open_files: int = 1024
    """Of each of its processes."""
    processes: int = 256
    """Processes and threads of the command; without bubblewrap, of its account from then on."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a command belongs to."""

    user: int
    group: int
    """Its only one."""


@dataclass(frozen=True, slots=True)
class Landlock:
    """What a command may touch, as absolute paths that exist; everything below them too."""

    readable: Sequence[str]
    writable: Sequence[str]
    online: bool


@dataclass(frozen=True, slots=True)
class Order:
    """One command, ready to be started; the directory it starts in travels as a descriptor."""

    argv: Sequence[str]
    """The program first, as an absolute path."""
    environment: Mapping[str, str]
    timeout_s: float
    limits: CommandLimits = field(default_factory=CommandLimits)
    account: Account | None = None
    """What to become; `None` stays what the server is."""
    landlock: Landlock | None = None
    seccomp: bytes = b""
    """A filter of system calls for the program itself; none if empty."""
    data: Mapping[int, bytes] = field(default_factory=dict[int, bytes])
    """What the program finds to read at descriptors from 4 on; at most 64 KiB each."""
    tells_directory: bool = False
    """Whether the program writes where it ended to descriptor 3."""
    counts_processes: bool = True
    """Whether `limits.processes` holds for the program; bubblewrap sets it further inside."""

    def to_bytes(self) -> bytes:
        """The order as it is sent."""
        fields = asdict(self)
        fields["seccomp"] = _text(self.seccomp)
        fields["data"] = {str(key): _text(value) for key, value in self.data.items()}
        body = json.dumps(fields).encode("utf-8", "surrogatepass")
        return LENGTH.pack(len(body)) + body

    @classmethod
    def of_bytes(cls, body: bytes) -> Order:
        """The order that was sent, without its length."""
        fields: dict[str, Any] = json.loads(body.decode("utf-8", "surrogatepass"))
        fields["limits"] = CommandLimits(**fields["limits"])
        if fields["account"] is not None:
            fields["account"] = Account(**fields["account"])
        if fields["landlock"] is not None:
            fields["landlock"] = Landlock(**fields["landlock"])
        fields["seccomp"] = base64.b64decode(fields["seccomp"])
        fields["data"] = {
            int(key): base64.b64decode(value) for key, value in fields["data"].items()
        }
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Stream:
    """What is left of an output: its beginning, its end, and how many bytes lie between."""

    head: bytes
    tail: bytes = b""
    left_out: int = 0

    @property
    def text(self) -> str:
        """The output for a reader, who is told where something is missing."""
        head, tail = (part.decode("utf-8", "replace") for part in (self.head, self.tail))
        if not self.left_out:
            return (self.head + self.tail).decode("utf-8", "replace")
        return f"{head}\n[... {self.left_out} bytes left out ...]\n{tail}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended; there is one only once all of its processes are gone."""

    status: int | None
    """As `os.waitstatus_to_exitcode` gives it; `None` where it was ended."""
    ended_by: End
    duration_s: float
    stdout: Stream
    stderr: Stream
    directory: str | None = None
    """Where it ended, if it told."""
    not_started: str | None = None
    """Why the program could not be started at all."""
    left: int = 0
    """Processes that could not be ended, which only a fault of the system explains."""

    def to_bytes(self) -> bytes:
        """The outcome as it is sent: a head that tells lengths, and the outputs behind it."""
        outputs = [self.stdout.head, self.stdout.tail, self.stderr.head, self.stderr.tail]
        head = {
            "status": self.status,
            "ended_by": self.ended_by,
            "duration_s": self.duration_s,
            "directory": self.directory,
            "not_started": self.not_started,
            "left": self.left,
            "left_out": [self.stdout.left_out, self.stderr.left_out],
            "lengths": [len(output) for output in outputs],
        }
        body = json.dumps(head).encode()
        return b"".join([LENGTH.pack(len(body)), body, *outputs])

    @classmethod
    def of_bytes(cls, sent: bytes) -> Outcome:
        """The outcome that was sent; `ValueError` if it was cut off or is none."""
        try:
            (length,) = LENGTH.unpack_from(sent)
            head: dict[str, Any] = json.loads(sent[LENGTH.size : LENGTH.size + length])
            at, parts = LENGTH.size + length, list[bytes]()
            for size in head.pop("lengths"):
                parts.append(sent[at : at + size])
                at += size
            stdout_left_out, stderr_left_out = head.pop("left_out")
            if at != len(sent):
                raise ValueError("It has not the length it tells.")
            return cls(
                stdout=Stream(parts[0], parts[1], stdout_left_out),
                stderr=Stream(parts[2], parts[3], stderr_left_out),
                **head,
            )
        except (struct.error, KeyError, TypeError, IndexError) as error:
            raise ValueError("It is no outcome.") from error


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
