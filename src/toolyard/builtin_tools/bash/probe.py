"""Tries whether a backend keeps what it promises, before anybody relies on it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from toolyard.core.errors import ConfigError

TRIAL_S = 30.0
"""Much more than it takes: where a trial does not end, something weaker is chosen."""
_OUTSIDE = "secret"
_SCRIPT = """
(set -C && echo x >"$4" && rm "$4") 2>/dev/null && echo works
[ -n "$(cat "$1/secret" 2>/dev/null)" ] && echo reads
(echo x >"$1/written") 2>/dev/null && echo writes
(exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null && echo connects
(cd "$3") && echo enters
echo done
"""


@dataclass(frozen=True, slots=True)
class Trial:
    """Things outside that a command must not reach."""

    directory: str
    """Anybody may read and write here, if nothing is in the way."""
    port: int
    """Somebody listens there, on the loopback address."""

    def arguments(self, bash: str, root: str) -> list[str]:
        """The command that tries; `root` is where it should be."""
        # A name that no command of an earlier server can have taken, so that this trial fails.
        mine = f".toolyard-trial-{secrets.token_hex(8)}"
        start = [bash, "--noprofile", "--norc", "-c", _SCRIPT, "bash"]
        return [*start, self.directory, str(self.port), root, mine]


def breaches(told: str) -> list[str] | None:
    """What a command could do and must not; `None` if it did not run as it should."""
    words = told.split()
    if words[-1:] != ["done"] or "works" not in words or "enters" not in words:
        return None
    return [word for word in words if word in ("reads", "writes", "connects")]


@contextmanager
def trial(avoided: Sequence[str]) -> Generator[Trial]:
    """Put something in reach of everybody, but below none of the paths `avoided`.

    Raises:
        ConfigError: There is no place for that.
    """
    directory = _place(avoided)
    try:
        directory.chmod(0o755)
        outside = directory / "outside"
        outside.mkdir()
        (outside / _OUTSIDE).write_text("x\n")
        outside.chmod(0o777)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            yield Trial(str(outside), listener.getsockname()[1])
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _place(avoided: Sequence[str]) -> Path:
    for candidate in _candidates():
        real = os.path.realpath(candidate)
        if not any(real == path or real.startswith(f"{path.rstrip('/')}/") for path in avoided):
            with suppress(OSError):
                return Path(tempfile.mkdtemp(prefix="toolyard-trial-", dir=real))
    raise ConfigError(
        "The isolation of commands cannot be tried: no directory for temporary files is outside "
        "of what they may use."
    )


def _candidates() -> Iterable[str]:
    return (tempfile.gettempdir(), "/var/tmp", "/dev/shm", os.path.expanduser("~"))
