"""A real PostgreSQL of our own for the tests that need one."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.install import find_postgres
from tests.support.missing import missing
from tests.support.process import free_port

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "16MB",
    "max_connections": "50",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server on a port of this machine, with one database that anybody here may use."""

    port: int

    @property
    def dsn(self) -> str:
        """Where it is, as psycopg reads it."""
        return f"postgresql://tester@127.0.0.1:{self.port}/postgres"


def _programs() -> Path:
    """The folder of its programs, or the end of the test."""
    found = find_postgres()
    if found is None:
        missing("PostgreSQL", "Run `python tests/support/install.py` as root.")
    return found


def _user() -> str | None:
    """As whom it runs: it refuses to be root's."""
    if os.geteuid() != 0:
        return None
    return "postgres" if any(each.pw_name == "postgres" for each in pwd.getpwall()) else "nobody"


@contextmanager
def postgres() -> Generator[Postgres]:
    """A server that ends with the block, and what it had with it."""
    programs, user = _programs(), _user()
    # Not where tests keep their files: that is for this user only, and it is another one.
    with tempfile.TemporaryDirectory(prefix="toolyard-postgres-") as place:
        files = Path(place)
        if user:
            shutil.chown(files, user)
        with _running(programs, user, files) as server:
            yield server


@contextmanager
def _running(programs: Path, user: str | None, files: Path) -> Generator[Postgres]:
    made = [programs / "initdb", "-D", files, "-U", "tester", "--auth=trust", "--no-sync"]
    subprocess.run(
        [*made, "--encoding=UTF8", "--locale=C"],
        user=user,
        cwd=files,
        check=True,
        capture_output=True,
        timeout=60,
    )
    server = Postgres(free_port())
    settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    process = subprocess.Popen(
        [programs / "postgres", "-D", files, "-p", str(server.port), *settings],
        user=user,
        cwd=files,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(programs, server, process)
        yield server
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: nobody needs what it has
        process.wait(20)


def _wait(programs: Path, server: Postgres, process: "subprocess.Popen[bytes]") -> None:
    asked = [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(server.port)]
    deadline = time.monotonic() + 30
    while subprocess.run(asked, timeout=10, check=False).returncode:
        if time.monotonic() > deadline or process.poll() is not None:
            raise TimeoutError("PostgreSQL does not answer.")
        time.sleep(0.05)
