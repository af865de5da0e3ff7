"""Things outside of a sandbox, each in easy reach of whoever is not in it."""

import os
import socket
import subprocess
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.builtin_tools.bash.shells import hand_over, place

from toolyard.builtin_tools.bash.account import OWN

SECRET = "seen-5e1a"
NAME = "toolyard-test-socket"


@dataclass(frozen=True, slots=True)
class Outside:
    """Where they are."""

    directory: Path
    """Anybody may read and write here; `secret` holds `SECRET`, `own` belongs to the commands."""
    tcp: int
    udp: int
    unix: Path
    datagrams: Path
    abstract: str
    victim: int
    """A process of the account that commands have."""

    @property
    def names(self) -> dict[str, str]:
        """What stands for each of them in a command."""
        return {
            "{dir}": str(self.directory),
            "{tcp}": str(self.tcp),
            "{udp}": str(self.udp),
            "{unix}": str(self.unix),
            "{datagrams}": str(self.datagrams),
            "{abstract}": self.abstract,
            "{victim}": str(self.victim),
        }


@contextmanager
def outside() -> Generator[Outside]:
    """All of them, for a while."""
    with ExitStack() as stack:
        directory = stack.enter_context(place())
        directory.chmod(0o777)
        (directory / "secret").write_text(SECRET)
        (directory / "own").write_text("as it was")
        hand_over(directory / "own")
        path = directory / "socket"
        abstract = f"{NAME}-{os.getpid()}"
        tcp = stack.enter_context(_serving(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)))
        udp = stack.enter_context(_serving(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)))
        stack.enter_context(_serving(socket.AF_UNIX, socket.SOCK_STREAM, str(path)))
        path.chmod(0o777)
        datagrams = directory / "datagrams"
        stack.enter_context(_serving(socket.AF_UNIX, socket.SOCK_DGRAM, str(datagrams)))
        datagrams.chmod(0o777)
        stack.enter_context(_serving(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{abstract}"))
        victim = stack.enter_context(_victim())
        ports = tcp.getsockname()[1], udp.getsockname()[1]
        yield Outside(directory, *ports, path, datagrams, abstract, victim)


@contextmanager
def _serving(family: int, kind: int, address: object) -> Generator[socket.socket]:
    """A socket that tells the secret to whoever speaks to it."""
    with socket.socket(family, kind) as listener:
        listener.bind(address)  # pyright: ignore[reportArgumentType]
        if kind == socket.SOCK_STREAM:
            listener.listen()
        thread = threading.Thread(target=_answer, args=(listener, kind), daemon=True)
        thread.start()
        yield listener
        listener.shutdown(socket.SHUT_RDWR) if kind == socket.SOCK_STREAM else _wake(listener)
        thread.join(5)


def _answer(listener: socket.socket, kind: int) -> None:
    try:
        while True:
            if kind == socket.SOCK_STREAM:
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(SECRET.encode())
                continue
            data, address = listener.recvfrom(100)
            if data == b"end":
                return
            if address:
                listener.sendto(SECRET.encode(), address)
    except OSError:
        return


def _wake(listener: socket.socket) -> None:
    with socket.socket(listener.family, socket.SOCK_DGRAM) as last:
        last.sendto(b"end", listener.getsockname())


@contextmanager
def _victim() -> Generator[int]:
    account = OWN if os.geteuid() == 0 else None
    environment = {"VICTIM": SECRET, "PATH": "/usr/bin:/bin"}
    groups = None if account is None else list[int]()
    with subprocess.Popen(
        ["sleep", "300"],
        env=environment,
        cwd="/",
        user=account,
        group=account,
        extra_groups=groups,
    ) as process:
        try:
            yield process.pid
        finally:
            process.kill()
