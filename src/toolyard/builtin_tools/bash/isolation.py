"""How well commands are kept apart from the machine, in words for everybody who relies on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Backend = Literal["bubblewrap", "landlock", "none"]
Wanted = Literal["auto", "required", "off", "bubblewrap", "landlock"]
"""`auto` takes the best there is; `required` and the two names refuse to start without."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """What a command cannot do; each field is true where that was seen to hold."""

    backend: Backend
    filesystem: bool
    """It reads and writes no file outside but the system's programs."""
    metadata: bool
    """It changes no modes, owners or times of files outside."""
    network: Literal["none", "host"]
    """What it reaches: nothing, or whatever this machine does."""
    pids: bool
    """It cannot send signals to processes outside, other commands among them."""
    uid_drop: bool
    """It runs as an account of its own."""
    seccomp: bool
    """System calls that it has no business with are refused."""
    memory_total: bool = False
    """Its memory is limited as a whole, and not only for each process."""
    disk_total: bool = False
    """What it writes below the root is limited as a whole, and not only for each file."""

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON, for health and for results."""
        return asdict(self)

    @property
    def brief(self) -> str:
        """Two or three words for the end of a result."""
        return f"isolation: {self.backend}, network: {self.network}"

    @property
    def sentence(self) -> str:
        """What a model should know before it writes a command."""
        if self.backend == "none":
            account = "its own account" if self.uid_drop else "the server's account"
            return f"Not isolated: a command can do whatever {account} can, on the network too."
        network = "no network" if self.network == "none" else "the network"
        named = {"bubblewrap": "bubblewrap", "landlock": "Landlock and seccomp"}[self.backend]
        return (
            f"Isolated by {named}: a command has the system's programs, the working directory "
            f"and {network}."
        )
